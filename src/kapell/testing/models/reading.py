"""A model that slips once and then reads: it mends a refused call from what it was told of it."""

from collections.abc import Callable, Mapping

from kapell.core.gateway.calls import ModelAnswer, ModelRequest, ToolAsk, Usage
from kapell.services.gateway.ports import OnDelta
from kapell.testing.models.mending import mended

GIVEN_UP = "I could not do it."


class ReadingModel:
    """Answers a known prompt with a faulty call first; everything after that it reads.

    It sees what any model sees: the prompt, the tools it is offered and the observations. It mends
    by general rules what an observation names and nothing else, for it overlooked the schema the
    first time too.

    Args:
        slips: The faulty call that each prompt is answered with first.
        seen: Changes the text of an observation before it is read; as it is unless given.
    """

    def __init__(
        self, slips: Mapping[str, ToolAsk], seen: Callable[[str], str] = lambda text: text
    ) -> None:
        self._slips = slips
        self._seen = seen

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the slip, the call mended, or an answer when there is nothing left to mend."""
        del on_delta
        prompt = next(one.text for one in request.messages if one.role == "user")
        asked = [ask for one in request.messages for ask in one.asks]
        last = request.messages[-1]
        if not asked:
            return _asking(self._slips[prompt])
        if not last.failed:
            return _answer(f"Done: {last.text[:200]}")
        ask = mended(asked[-1], self._seen(last.text), request.tools, prompt)
        if ask is None or any((ask.tool, ask.args) == (one.tool, one.args) for one in asked):
            return _answer(GIVEN_UP)
        return _asking(ToolAsk(f"c{len(asked)}", ask.tool, ask.args))

    async def close(self) -> None:
        """Nothing is held."""


def _asking(ask: ToolAsk) -> ModelAnswer:
    return ModelAnswer(text="", asks=(ask,), usage=Usage(10, 5))


def _answer(text: str) -> ModelAnswer:
    return ModelAnswer(text=text, usage=Usage(10, 5))
