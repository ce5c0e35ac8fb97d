"""Serves a script: which entry a call is given, and the answer that makes of it."""

from typing import Literal, cast

import msgspec

from kapell.core.gateway.calls import ModelAnswer, ModelRequest, Thought, ToolAsk, Usage
from kapell.core.gateway.offline import tokens
from kapell.kit.errors import Missing
from kapell.kit.json import Json, encode
from kapell.testing.models.script import Entry, turn_of
from kapell.testing.models.values import parsed

_PROVIDER = "scripted"


class Script:
    """Entries with how often each has served.

    Args:
        entries: The entries.
        name: What the script is called, for errors.
    """

    def __init__(self, entries: tuple[Entry, ...], name: str) -> None:
        self._entries = entries
        self._name = name
        self._served = [0] * len(entries)
        self._given: dict[str, Entry] = {}

    def entry(self, request: ModelRequest) -> Entry:
        """Return what serves a call; the same key is served the same again.

        Raises:
            Missing: ``scripted_answer_missing``.
        """
        if request.idempotency_key in self._given:
            return self._given[request.idempotency_key]
        for index, entry in enumerate(self._entries):
            spent = entry.limit is not None and self._served[index] >= entry.limit
            if not spent and entry.matches(request):
                self._served[index] += 1
                if request.idempotency_key:
                    self._given[request.idempotency_key] = entry
                return entry
        raise Missing(
            f"{self._name} has no answer left for the call {request.label or '(without label)'!r}.",
            code="scripted_answer_missing",
            advice="Add an entry whose label matches it, or one without a label.",
        )


def answer_of(entry: Entry, request: ModelRequest) -> ModelAnswer:
    """Return the answer an entry gives to a call; one that is an error gives an empty one."""
    value: Json = None
    if entry.value is not msgspec.UNSET:
        value = entry.value
        text = encode(value).decode()
    else:
        text = entry.text or ""
        value = parsed(text) if request.schema is not None else None
    asks = tuple(
        ToolAsk(
            ask.id or f"t{turn_of(request)}-{number}",
            ask.tool,
            None if ask.broken else ask.args,
            ask.broken,
        )
        for number, ask in enumerate(entry.asks, 1)
    )
    asked = sum(tokens.count(message.text) for message in request.messages)
    counted = text + (encode(entry.asks).decode() if asks else "")
    said = entry.usage
    return ModelAnswer(
        text=text,
        value=value if request.schema is not None and not asks else None,
        asks=asks,
        thoughts=tuple(Thought(thought, provider=_PROVIDER) for thought in entry.thoughts),
        model=request.model,
        usage=Usage(
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            cached_input_tokens=said.cached_input_tokens,
            reasoning_tokens=said.reasoning_tokens,
        )
        if said
        else Usage(input_tokens=asked, output_tokens=tokens.count(counted)),
        finish=cast(Literal["stop", "length", "filter"], entry.finish),
    )
