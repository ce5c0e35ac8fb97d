"""What the gateway needs from whoever speaks to models."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.policies.notes import Note

OnDelta: TypeAlias = Callable[[str], None]
"""Told each piece of an answer as it comes; pieces are for watching and never become events.

An empty piece says that the answer begins anew: a route asks another deployment, and what was told
before is void.
"""


class ModelGate(Protocol):
    """Stands in the door to models: every request passes every gate, and every answer."""

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Return the request as it may be sent.

        Raises:
            Held: people are asked first.
            KapellError: why it must not be sent, or that the gate itself failed.
        """
        ...

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer as it may be shown; ``request`` is what ``before`` returned.

        Raises:
            KapellError: why it must not be.
        """
        ...

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who hears the pieces of the answer, and tells on what may be shown of them."""
        ...


class ModelPort(Protocol):
    """Speaks to the models of one provider."""

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the answer to one request; with ``on_delta`` it is streamed.

        A call is made once: no retries inside. Cancelling the task ends the call.

        Raises:
            KapellError: With one of the codes of `kapell.core.gateway.failures`.
        """
        ...

    async def close(self) -> None:
        """Give connections back; a closed port is asked nothing more."""
        ...


ModelFactory: TypeAlias = Callable[[], ModelPort]
"""Makes a port on first use. It may import a vendor's SDK, which takes seconds: the gateway
calls it in a thread of its own.
"""


Deployed: TypeAlias = Callable[[ModelRequest, str, Note, bool], Awaitable[None]]
"""Lets a model be asked for a request to a route, or raises why it must not be.

The last argument says that none of the route has been asked: the request may be held for people.
"""
