"""Facts about model calls; ``call`` is ``path#attempt/number``."""

from typing import TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.gateway.calls import Usage
from kapell.kit.errors import Failure


class ModelRequested(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.requested"
):
    """A model is about to be asked.

    ``prompt`` is the rendered text, ``key`` the idempotency key. Corrections before it in the
    same attempt are part of what is sent.
    """

    call: str
    path: str
    model: str
    prompt: Packed
    agent: str = ""
    max_output: int
    key: str


class ModelAnswered(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.answered"
):
    """The answer. ``value`` is the parsed structured answer, when one was asked for.

    ``cost`` in nano-dollars. ``problem`` says what is wrong with it, when it must be corrected.
    ``seconds`` is how long the call took.
    """

    call: str
    path: str
    model: str
    text: Packed
    value: Packed | None = None
    usage: Usage = Usage()
    cost: int = 0
    seconds: float = 0.0
    problem: str = ""
    offline: bool = False


class ModelFailed(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.failed"
):
    """The call ended without an answer."""

    call: str
    path: str
    model: str
    failure: Failure
    seconds: float = 0.0


class ModelAbandoned(msgspec.Struct, frozen=True, kw_only=True, tag="model.abandoned"):
    """The worker that made the call is gone; it is settled at its worst case, ``cost``."""

    call: str
    path: str
    model: str
    cost: int


ModelEvent: TypeAlias = ModelRequested | ModelAnswered | ModelFailed | ModelAbandoned
