"""When an answer may be given again: the key of a request, and whether an answer is whole.

The key covers all that shapes an answer and nothing that does not: not who waits, for how long, in
which run.
"""

from kapell.core.gateway.calls import ModelAnswer, ModelRequest, Usage
from kapell.kit.json import digest, encode

_FORMAT = 1
"""Grows when answers are kept in another form, or requests are sent in another."""


def key_of(request: ModelRequest, meaning: str) -> str:
    """Return the key under which the answer to a request is kept.

    Args:
        request: What is asked. Its trust label is part of the key: an answer to what came from
            outside is never given to what did not.
        meaning: What stands behind the model's name, such as a route's deployments and, where it
            splits, the side the request is on.
    """
    shaped = (
        _FORMAT,
        request.model,
        meaning,
        request.messages,
        request.schema,
        request.tools,
        request.max_output,
        request.temperature,
        request.trust,
    )
    return f"model:{digest(encode(shaped))}"


def is_whole(answer: ModelAnswer) -> bool:
    """Tell whether an answer is all there; any other would be wrong again."""
    if answer.finish != "stop" or answer.cached or any(ask.broken for ask in answer.asks):
        return False
    return bool(answer.text or answer.asks)


def given_again(answer: ModelAnswer) -> ModelAnswer:
    """Return a kept answer as it is given: nobody was asked, so nothing was used."""
    return ModelAnswer(
        text=answer.text,
        value=answer.value,
        asks=answer.asks,
        thoughts=answer.thoughts,
        model=answer.model,
        usage=Usage(),
        finish=answer.finish,
        offline=answer.offline,
        cached=True,
    )
