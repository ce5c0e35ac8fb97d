"""The scripted model: answers from a file, for tests of workflows and of ourselves."""

import asyncio
import json
from pathlib import Path
from typing import Literal, cast

import msgspec

from kapell.core.gateway.calls import ModelAnswer, ModelRequest, Thought, ToolAsk, Usage
from kapell.core.gateway.failures import failure
from kapell.core.gateway.offline import tokens
from kapell.kit.errors import Missing
from kapell.kit.json import Json, encode
from kapell.services.gateway.ports import OnDelta
from kapell.testing.models.script import Entry, entries, parse, turn_of

_PIECE = 16
_PROVIDER = "scripted"


class _Script:
    """A file's entries with how often each has served."""

    def __init__(self, found: tuple[Entry, ...]) -> None:
        self._entries = found
        self._served = [0] * len(found)
        self._given: dict[str, Entry] = {}

    def entry(self, request: ModelRequest) -> Entry | None:
        """Return what serves a call; the same key is served the same again."""
        if request.idempotency_key in self._given:
            return self._given[request.idempotency_key]
        for index, entry in enumerate(self._entries):
            spent = entry.limit is not None and self._served[index] >= entry.limit
            if not spent and entry.matches(request):
                self._served[index] += 1
                if request.idempotency_key:
                    self._given[request.idempotency_key] = entry
                return entry
        return None


class ScriptedModel:
    """Answers ``scripted:FILE`` from that file.

    Args:
        root: Folder that relative files lie in.
        answers: Entries for the name ``scripted:inline``, as plain data.
    """

    def __init__(self, root: Path, answers: object = None) -> None:
        self._root = root
        self._scripts: dict[str, _Script] = {}
        self.requests: list[ModelRequest] = []
        if answers is not None:
            self._scripts["inline"] = _Script(entries(answers))

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the scripted answer of a call.

        Raises:
            Missing: ``script_missing`` without the file, ``scripted_answer_missing`` without an
                entry for the call.
        """
        self.requests.append(request)
        name = request.model.partition(":")[2]
        if name not in self._scripts:
            found = await asyncio.to_thread(self._read, name)
            self._scripts.setdefault(name, found)
        entry = self._scripts[name].entry(request)
        if entry is None:
            raise Missing(
                f"{name} has no answer left for the call {request.label or '(without label)'!r}.",
                code="scripted_answer_missing",
                advice="Add an entry whose label matches it, or one without a label.",
            )
        if entry.seconds:
            await asyncio.sleep(entry.seconds)
        if entry.error is not None:
            raise failure(
                entry.error.code, entry.error.message, retry_after=entry.error.retry_after
            )
        answer = _answer(entry, request)
        if on_delta is not None:
            for start in range(0, len(answer.text), _PIECE):
                on_delta(answer.text[start : start + _PIECE])
        return answer

    async def close(self) -> None:
        """Nothing is held."""

    def _read(self, name: str) -> _Script:
        path = self._root / name
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Missing(
                f"The script {name} cannot be read: {type(error).__name__}.",
                code="script_missing",
                advice="Name a YAML or JSON file: scripted:path/to/answers.yaml.",
            ) from error
        return _Script(parse(text, name))


def _answer(entry: Entry, request: ModelRequest) -> ModelAnswer:
    value: Json = None
    if entry.value is not msgspec.UNSET:
        value = entry.value
        text = encode(value).decode()
    else:
        text = entry.text or ""
        value = _parsed(text) if request.schema is not None else None
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


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return None
    return value
