"""The offline model behind the port: the pure model of the core, run beside the event loop."""

import asyncio

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.offline.model import answer
from kapell.services.gateway.ports import OnDelta

_LARGE = 20_000
_PIECE = 24


class OfflineModel:
    """Answers without network or key; costs nothing and labels what it writes."""

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the offline answer; long prompts are read in a thread."""
        size = sum(len(message.text) for message in request.messages)
        made = answer(request) if size < _LARGE else await asyncio.to_thread(answer, request)
        if on_delta is not None:
            for start in range(0, len(made.text), _PIECE):
                on_delta(made.text[start : start + _PIECE])
        return made

    async def close(self) -> None:
        """Nothing is held."""
