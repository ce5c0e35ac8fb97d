"""Exporting and importing: the file written, read again, and made a run of this workspace."""

import base64
import gzip
import zlib
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from kapell.core.events.codec import dump, load
from kapell.core.events.envelope import Event
from kapell.core.events.run import RunForked, RunQueued
from kapell.core.guardrails.labels import WEB, label_of
from kapell.core.guardrails.standing import Standing, lowered
from kapell.core.limits.breaker import Breaker
from kapell.core.runs.changes import changes_of, row_of
from kapell.core.runs.fold import fold
from kapell.core.runs.fold.guards import profiles_named
from kapell.core.runs.program import Program
from kapell.core.runs.rows import RowChange
from kapell.core.runs.state import State
from kapell.core.workflows.version import Version, version_hash
from kapell.kit.errors import Conflict, Invalid, KapellError, Missing
from kapell.kit.ids import EventId, RunId, TenantId, VersionHash, is_id
from kapell.kit.json import Digest, digest
from kapell.services.runs.envelopes import for_whom
from kapell.services.runs.porting.artifacts import gathered
from kapell.services.runs.porting.checks import broken, check_events, check_rows
from kapell.services.runs.ports import ArtifactStore, NewRun, RunReader, RunStarts
from kapell.services.runs.reading import Histories
from kapell.services.runs.versions import Versions

FORMAT = "kapell-run-1"
LARGEST = 1 << 29
"""Bytes of a file before it is compressed. A few kilobytes can unpack to what no memory holds."""


class _Line(msgspec.Struct, frozen=True):
    """An event as the file holds it: the envelope, and the payload as its stored text."""

    id: str
    seq: int
    type: str
    version: int
    at: float
    correlation_id: str
    causation_id: str
    actor: str
    payload: str


class _File(msgspec.Struct, frozen=True):
    format: str
    run_id: str
    version: Version
    events: list[_Line]
    artifacts: dict[str, str]


class _Here(msgspec.Struct, frozen=True):
    """What is said of an import by whoever makes it, not by its file."""

    workspace: str
    breaker: Breaker | None = None
    subject: str = ""


class Porter:
    """Exports and imports runs."""

    def __init__(
        self,
        tenant: TenantId,
        workspace: str,
        starts: RunStarts,
        reader: RunReader,
        artifacts: ArtifactStore,
        histories: Histories,
        versions: Versions,
        breaker: Breaker | None = None,
        subject: str = "",
    ) -> None:
        self._tenant = tenant
        self._here = _Here(workspace, breaker, subject)
        self._starts = starts
        self._reader = reader
        self._artifacts = artifacts
        self._histories = histories
        self._versions = versions

    async def export(self, run: RunId) -> bytes:
        """Return a run as one compressed file; the same run gives the same bytes.

        Raises:
            Missing: ``run_unknown``.
            Invalid: ``export_too_large``.
        """
        summary = await self._reader.run(self._tenant, run)
        events = await self._histories.events(summary.run_id)
        program = await self._histories.program(summary.version)
        blobs = await gathered(self._histories, events)
        file = _File(
            FORMAT,
            summary.run_id,
            program.version,
            [_line(_moved(event, "")) for event in events],
            {key: base64.b64encode(body).decode() for key, body in sorted(blobs.items())},
        )
        text = msgspec.json.encode(file)
        if len(text) > LARGEST:
            raise Invalid(
                f"The run is larger than one file may be ({LARGEST >> 20} MiB).",
                code="export_too_large",
                advice="Take the whole database along with 'kapell db backup'.",
            )
        return gzip.compress(text, mtime=0)

    async def load(self, data: bytes) -> RunId:
        """Store an exported run under its own id; it goes on where it was.

        Raises:
            Invalid: ``export_broken`` for a file that is not an export, or was changed.
            Conflict: ``run_exists``.
        """
        file = _parsed(data)
        if not is_id(file.run_id):
            raise broken("it names a run by what is no id")
        run_id = RunId(file.run_id)
        artifacts = _artifacts(file.artifacts)
        try:
            version = version_hash(file.version)
        except KapellError as error:
            raise broken("its version cannot be stored") from error
        await self._refuse_known(run_id)
        new = _checked(file, version, self._tenant, run_id, self._here)
        await self._versions.save(self._tenant, version, file.version)
        await self._artifacts.put(self._tenant, artifacts)
        (started,) = await self._starts.start([new])
        return started.run_id

    async def _refuse_known(self, run: RunId) -> None:
        try:
            await self._reader.run(self._tenant, run)
        except Missing:
            return
        raise Conflict(
            f"The run {run} is here already.",
            code="run_exists",
            advice="Fork it to have a second one.",
        )


def _line(event: Event) -> _Line:
    return _Line(
        event.id,
        event.seq,
        event.type,
        event.version,
        event.at,
        event.correlation_id,
        event.causation_id,
        event.actor,
        dump(event.payload),
    )


def _event(line: _Line, run_id: RunId, tenant: TenantId) -> Event:
    if line.version < 1:
        raise broken("an event has no version")
    return Event(
        id=EventId(line.id),
        run_id=run_id,
        seq=line.seq,
        type=line.type,
        version=line.version,
        at=line.at,
        tenant_id=tenant,
        correlation_id=line.correlation_id,
        causation_id=line.causation_id,
        actor=line.actor,
        payload=load(line.type, line.version, line.payload),
    )


def _parsed(data: bytes) -> _File:
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, LARGEST)
        if reader.unconsumed_tail:
            raise broken(f"unpacked it is larger than {LARGEST >> 20} MiB")
        if not reader.eof or reader.unused_data:
            # Without its end nothing has compared the text with its checksum.
            raise broken("it does not end where its content does")
        file = msgspec.json.decode(text, type=_File)
    except (zlib.error, ValueError) as error:
        raise broken("it cannot be read") from error
    if file.format != FORMAT:
        raise broken(f"its format is {file.format!r}")
    return file


def _artifacts(texts: Mapping[str, str]) -> dict[Digest, bytes]:
    try:
        blobs = {Digest(key): base64.b64decode(text, validate=True) for key, text in texts.items()}
    except ValueError as error:
        raise broken("an artifact cannot be read") from error
    if any(digest(body) != key for key, body in blobs.items()):
        raise broken("an artifact was changed")
    return blobs


def _checked(
    file: _File,
    version: VersionHash,
    tenant: TenantId,
    run_id: RunId,
    here: _Here,
) -> NewRun:
    """Return the run of a file, bound to this workspace.

    The folder it began in means nothing here, and whoever wrote the file must not choose one.
    """
    try:
        events = [_event(line, run_id, tenant) for line in file.events]
        check_events(events, file.artifacts)
        believed = tuple(_believed(event, file.version, here, len(events)) for event in events)
        state = fold(Program(file.version), believed)
        row, changes = row_of(state, None), _changes(state, events)
        check_rows(state, row, changes)
    except Invalid as error:
        if error.code in {"export_broken", "event_unknown"}:
            raise
        raise broken("its events cannot be stored") from error
    except _UNFIT as error:
        raise broken("its events do not fit together") from error
    request = state.request
    if request.version != version:
        raise broken("it holds another version than the run refers to")
    fork = _fork(events)
    return NewRun(
        tenant_id=tenant,
        run_id=run_id,
        workflow=request.workflow,
        version=version,
        events=believed,
        artifacts={},
        row=row,
        changes=changes,
        priority=request.priority,
        forked_from=None if fork is None else fork[0],
        created_at=events[0].at if fork is None else fork[1],
        updated_at=events[-1].at,
    )


_UNFIT = (KapellError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
          ValueError)  # fmt: skip
"""What folding a log that nobody wrote may end in."""


def _believed(event: Event, version: Version, here: _Here, count: int) -> Event:
    """Return an event of a file: whatever it says of itself, all of it is the word of strangers.

    Where it asks to be left unguarded, it is guarded as anything else; what holds it when it runs
    away is said here, not by the file; it acts for whoever brought it, whomever it names; and what
    its people agreed to is judged anew.
    """
    moved = _moved(event, here.workspace)
    if not isinstance(moved.payload, RunQueued):
        return moved
    label = label_of(WEB)
    guards = moved.payload.guards
    if lowered(guards) or any(profile == "off" for _, profile in profiles_named(version)):
        guards = Standing(fixed=True)
    payload = msgspec.structs.replace(
        moved.payload,
        labels={"": label},
        label=label,
        guards=guards,
        breaker=here.breaker or moved.payload.breaker,
        subject=for_whom(event, here.subject),
        imported=count,
    )
    return msgspec.structs.replace(moved, payload=payload)


def _moved(event: Event, workspace: str) -> Event:
    """Return an event of a run that is in another workspace."""
    if not isinstance(event.payload, RunQueued):
        return event
    payload = msgspec.structs.replace(event.payload, workspace=workspace)
    return msgspec.structs.replace(event, payload=payload)


def _changes(state: State, events: Sequence[Event]) -> tuple[RowChange, ...]:
    """Return the rows that agree with a log: its costs, questions and dead letters.

    What a fork copied has no rows: its original has them.
    """
    changes: list[RowChange] = []
    own = [event for event in events if not event.copied]
    for _, together in groupby(own, key=_append):
        decided = tuple(together)
        payloads = [event.payload for event in decided]
        changes.extend(changes_of(state, payloads, decided[0].at, decided[0].actor))
    return tuple(changes)


def _fork(events: Sequence[Event]) -> tuple[RunId, float] | None:
    """Return which run was forked and when, None for a run that is no fork."""
    for event in reversed(events):
        if isinstance(event.payload, RunForked):
            return RunId(event.payload.run_id), event.at
    return None


def _append(event: Event) -> str:
    return event.id.rpartition("-")[0]
