"""What the files hold that a call takes out of this machine; their bytes are never changed."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from kapell.core.guardrails.verdicts import Action, Reason, Reasons, Verdict
from kapell.core.tools.paths import PATH_MARK
from kapell.core.tools.spec import ToolSpec, outside
from kapell.core.tools.walking import walked
from kapell.kit.json import Digest, Json, digest
from kapell.services.guardrails.archives import LARGEST, texts_of
from kapell.services.guardrails.treating import Treatment
from kapell.services.tools.ports import ToolCall


class FileReader(Protocol):
    """Reads files as the tool of a call will find them."""

    async def read(self, call: ToolCall, path: Json, limit: int) -> tuple[bytes, Digest] | None:
        """Return the first ``limit`` bytes of what a path names, and the digest of them all.

        None when it is no file.
        """
        ...


class Taken(msgspec.Struct, frozen=True):
    """What a look at the files of a call found; ``mark`` stands for their very bytes.

    ``seen`` are the files of the machine by their paths as given, with the digest of their bytes;
    empty where there is no file.
    """

    verdict: Verdict | None = None
    mark: str = ""
    seen: Mapping[str, str] = {}

    @property
    def action(self) -> Action:
        """Return the severest of what is done."""
        return self.verdict.action if self.verdict else "pass"

    def kinds(self, action: Action) -> tuple[str, ...]:
        """Return the kinds of what something is done about."""
        return self.verdict.kinds(action) if self.verdict else ()


async def looked(treatment: Treatment, reader: FileReader, spec: ToolSpec, call: ToolCall) -> Taken:
    """Look over the files that a call names; what would be taken out of a text is asked about."""
    sweep = treatment.sweep("arguments", reaching=True)
    unseen, marks = 0, []
    seen: dict[str, str] = {}
    for path in _paths(spec, call):
        found = await reader.read(call, path, LARGEST + 1)
        if isinstance(path, str):
            seen[path] = "" if found is None else found[1]
        if found is None:
            continue
        data, key = found
        marks.append(key)
        parts = await asyncio.to_thread(_read, data)
        unseen += parts.count(None)
        await sweep.take(text for text in parts if text is not None)
    reasons = Reasons()
    for one in sweep.verdict.reasons if sweep.verdict else ():
        reasons.take(_asked(one))
    if unseen:
        action: Action = "ask" if treatment.name == "strict" else "pass"
        reasons.take(Reason("file", "unseen", unseen, action=action))
    verdict = reasons.verdict("arguments", treatment.name)
    return Taken(seen=seen) if verdict is None else Taken(verdict, _mark(marks), seen)


async def mark_of(
    reader: FileReader, spec: ToolSpec, call: ToolCall
) -> tuple[str, Mapping[str, str]]:
    """Return what stands for the very bytes that a call takes outside; empty where it takes none.

    People who agree to a call that names a file agree to what is in it: with the mark comes what
    the tool has to find, as ``ToolCall.seen`` holds it.
    """
    if not outside(spec):
        return "", call.seen
    marks: list[Digest] = []
    seen = dict(call.seen)
    for path in _paths(spec, call):
        if isinstance(path, str) and path in call.seen:
            key = call.seen[path]  # what was looked over, and what the tool will be given
        else:
            found = await reader.read(call, path, 0)
            key = "" if found is None else found[1]
            if isinstance(path, str):
                seen[path] = key
        if key:
            marks.append(Digest(key))
    return (_mark(marks) if marks else ""), seen


def _read(data: bytes) -> list[str | None]:
    return list(texts_of(data))


def _paths(spec: ToolSpec, call: ToolCall) -> Iterator[Json]:
    found: dict[str, Json] = {}

    def note(place: str, value: Json) -> Json:
        found[place] = value
        return value

    walked(spec.args, call.args, lambda schema: bool(schema.get(PATH_MARK)), note)
    yield from found.values()


def _asked(reason: Reason) -> Reason:
    return msgspec.structs.replace(reason, action="ask") if reason.action == "redact" else reason


def _mark(marks: list[Digest]) -> str:
    return digest("\n".join(marks).encode())[:16]
