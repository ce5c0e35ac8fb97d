"""What a question is about, and what an answer would change: arguments, the file of a call."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from kapell.core.approvals.showing import as_text, difference, visible
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Digest, Json, decode
from kapell.services.runs.ports import ApprovalRow
from kapell.services.runs.reading import Histories


class Becoming(msgspec.Struct, frozen=True):
    """What a call makes of a file of the run's folder; ``data`` None: it is removed."""

    path: str
    data: bytes | None


Foresee = Callable[[RunId, str, Json], Awaitable[Becoming | None]]
"""Returns what a call of a tool makes of a file; None of one that changes none we can foresee."""


class Changes:
    """Tells what an answer would change.

    Args:
        histories: Gives the files of a run.
        foresee: Knows what calls of tools make of files.
    """

    def __init__(self, histories: Histories, foresee: Foresee) -> None:
        self._histories = histories
        self._foresee = foresee

    async def asked(self, row: ApprovalRow) -> Json:
        """Return what a question is about: data of a step, or the arguments of a held call."""
        data = decode(row.data) if row.data else None
        if isinstance(data, dict) and data.get("$ref") == "artifact":
            digest = Digest(str(data["digest"]))
            return decode((await self._histories.blobs([digest]))[digest])
        return data

    async def of_call(self, run: RunId, tool: str, args: Json) -> str:
        """Return how a file of the run's folder would change; empty when it is about none."""
        try:
            becoming = await self._foresee(run, tool, args)
        except KapellError:
            return ""  # the call itself would fail, and say so
        if becoming is None:
            return ""
        path = becoming.path
        _, state = await self._histories.state(await self._histories.events(run))
        digest = state.files.get(path)
        old = None if digest is None else (await self._histories.blobs([digest]))[digest]
        if old is None and becoming.data is None:
            return f"{visible(path)}: there is no such file in the run's folder"
        if old == becoming.data:
            return f"{visible(path)}: nothing changes in it"
        try:
            before = None if old is None else old.decode()
            after = None if becoming.data is None else becoming.data.decode()
        except UnicodeDecodeError:
            return _sizes(path, old, becoming.data)
        return difference(path, before, after)


def merged(old: Json, edit: Json) -> Json:
    """Return data with an edit in it, as the run will have it."""
    if not isinstance(edit, Mapping) or not edit:
        return old
    return {**(old if isinstance(old, Mapping) else {}), **edit}


def edited(old: Json, new: Json) -> str:
    """Return how arguments change, each by its name; empty when none does."""
    was = old if isinstance(old, Mapping) else {}
    now = new if isinstance(new, Mapping) else {}
    return "\n".join(
        difference(name, as_text(was[name]) if name in was else None, as_text(value))
        for name, value in now.items()
        if name not in was or was[name] != value
    )


def _sizes(path: str, old: bytes | None, new: bytes | None) -> str:
    """Return how a file changes that is no text."""
    before = "no file" if old is None else f"{len(old):,} bytes"
    after = "no file" if new is None else f"{len(new):,} bytes"
    return f"{visible(path)}: no text; {before} become {after}"
