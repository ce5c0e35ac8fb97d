"""The scripted model: answers from a file, for tests of workflows and of ourselves."""

import asyncio
from pathlib import Path

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.failures import failure
from kapell.kit.errors import Missing
from kapell.services.gateway.ports import OnDelta
from kapell.testing.models.script import Entry, entries, parse
from kapell.testing.models.serving import Script, answer_of

_PIECE = 16


class ScriptedModel:
    """Answers ``scripted:FILE`` from that file.

    Args:
        root: Folder that relative files lie in.
        answers: Entries for the name ``scripted:inline``, as plain data.
    """

    def __init__(self, root: Path, answers: object = None) -> None:
        self._root = root
        self._scripts: dict[str, Script] = {}
        self.requests: list[ModelRequest] = []
        if answers is not None:
            self._scripts["inline"] = Script(entries(answers), "inline")

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the scripted answer of a call.

        Raises:
            Missing: ``script_missing`` without the file, ``scripted_answer_missing`` without an
                entry for the call.
        """
        self.requests.append(request)
        name = request.model.partition(":")[2]
        if name not in self._scripts:
            found = await asyncio.to_thread(read_script, self._root / name, name)
            self._scripts.setdefault(name, Script(found, name))
        entry = self._scripts[name].entry(request)
        if entry.seconds:
            await asyncio.sleep(entry.seconds)
        if entry.error is not None:
            raise failure(
                entry.error.code, entry.error.message, retry_after=entry.error.retry_after
            )
        answer = answer_of(entry, request)
        if on_delta is not None:
            for start in range(0, len(answer.text), _PIECE):
                on_delta(answer.text[start : start + _PIECE])
        return answer

    async def close(self) -> None:
        """Nothing is held."""


def read_script(path: Path, name: str) -> tuple[Entry, ...]:
    """Return the entries of a script's file.

    Raises:
        Missing: ``script_missing``.
        Invalid: ``script_broken``.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(
            f"The script {name} cannot be read: {type(error).__name__}.",
            code="script_missing",
            advice="Name a YAML or JSON file: scripted:path/to/answers.yaml.",
        ) from error
    return parse(text, name)
