"""What the store in memory holds, and the rules that several of its ports share."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from kapell.core.events.codec import VERSION, dump
from kapell.core.events.envelope import Event
from kapell.core.runs.rows import (
    ApprovalChanged,
    ApprovalClosed,
    ApprovalOpened,
    ApprovalsVoid,
    DeadLetterClosed,
    DeadLetterOpened,
    LedgerReserved,
    LedgerSettled,
    RowChange,
    RunRow,
)
from kapell.kit.errors import Bug, Conflict, Invalid, KapellError, Missing
from kapell.kit.ids import RunId, TenantId, VersionHash, WorkerId
from kapell.kit.json import Digest, encode
from kapell.kit.text import checked
from kapell.services.runs.ports import (
    ApprovalRow,
    DeadLetterRow,
    InboxMessage,
    Message,
    NewRun,
    Snapshot,
    Started,
)

Place = tuple[TenantId, RunId]


class Letter(msgspec.Struct):
    """A message, open until consumed."""

    message: InboxMessage
    is_open: bool = True


class Call(msgspec.Struct):
    """A ledger row."""

    run_id: RunId
    reserve: LedgerReserved
    reserved: int
    usd: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    state: str = "reserved"
    by: str = ""

    @property
    def model(self) -> str:
        """Return the model that answered, or was asked."""
        return self.by or self.reserve.model


class Run(msgspec.Struct):
    """A run with everything that hangs on it."""

    new: NewRun
    row: RunRow
    events: list[Event]
    wake_at: float | None
    created_at: float
    updated_at: float
    epoch: int = 0
    claims: int = 0
    owner: WorkerId | None = None
    claimed_at: float = 0.0
    log_format: int = VERSION
    inbox: dict[str, Letter] = {}
    ledger: dict[str, Call] = {}
    approvals: list[ApprovalRow] = []
    dead: list[DeadLetterRow] = []
    snapshots: dict[str, Snapshot] = {}

    def open_letters(self) -> list[InboxMessage]:
        """Return the messages not consumed."""
        return [letter.message for letter in self.inbox.values() if letter.is_open]

    def free(self, wake_at: float | None) -> None:
        """Give the run back in good order."""
        self.owner, self.wake_at, self.claims = None, wake_at, 0


class State:
    """All tables. Nothing here awaits, so every change is whole."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.runs: dict[Place, Run] = {}
        self.log: list[Event] = []
        self.artifacts: dict[tuple[TenantId, Digest], bytes] = {}
        self.versions: dict[tuple[TenantId, VersionHash], bytes] = {}
        self.results: dict[tuple[TenantId, str], tuple[bytes, float]] = {}
        self.leases: dict[WorkerId, float] = {}
        self.cursors: dict[str, int] = {}
        self.numbers = 0

    def start(self, runs: Sequence[NewRun]) -> tuple[Started, ...]:
        """Store the runs whose keys are new, all or none.

        Raises:
            Conflict: ``key_reused``.
        """
        started, born = self.find_starts(runs)
        self.bear(born)
        return started

    def find_starts(self, runs: Sequence[NewRun]) -> tuple[tuple[Started, ...], list[NewRun]]:
        """Return what starting would answer, and which runs are new; changes nothing."""
        started: list[Started] = []
        born: list[NewRun] = []
        for new in runs:
            check_new(new)
            known = [run.new for run in self.runs.values()] + born
            found = next((one for one in known if _same_request(one, new)), None)
            if found is None:
                born.append(new)
            elif found.fingerprint != new.fingerprint:
                raise Conflict(
                    f"The key {new.key or new.run_id!r} has already started another run.",
                    code="key_reused",
                    advice="Use a new key for a new run, or repeat the first request unchanged.",
                )
            started.append(Started(new.run_id if found is None else found.run_id, found is None))
        return tuple(started), born

    def bear(self, runs: Sequence[NewRun]) -> None:
        """Store runs that ``find_starts`` found new."""
        for new in runs:
            now = self.now()
            ended = new.row.ended_at is not None
            wake_at = None if ended else now if new.wake_at is None else new.wake_at
            created = now if new.created_at is None else new.created_at
            updated = now if new.updated_at is None else new.updated_at
            run = Run(new, new.row, list(new.events), wake_at, created, updated)
            if new.owner is not None:
                run.epoch, run.claimed_at = 1, now
                run.owner = None if ended else new.owner
            self.runs[new.tenant_id, new.run_id] = run
            self.keep(new.tenant_id, new.artifacts)
            self.log += new.events
            change_rows(run, new.changes)

    def keep(self, tenant_id: TenantId, items: Mapping[Digest, bytes]) -> None:
        """Keep artifacts."""
        for digest, body in items.items():
            self.artifacts.setdefault((tenant_id, digest), body)

    def send(self, message: Message) -> bool:
        """Wake the run and put the message in.

        Raises:
            Missing: ``run_unknown``.
        """
        checked(message.key, message.actor)
        encode(message.command)
        run = self.found(message.tenant_id, message.run_id)
        now = self.now()
        run.wake_at = now if run.wake_at is None else min(run.wake_at, now)
        if message.key in run.inbox:
            return False
        self.numbers += 1
        run.inbox[message.key] = Letter(
            InboxMessage(
                number=self.numbers,
                run_id=message.run_id,
                key=message.key,
                command=message.command,
                actor=message.actor,
                at=now,
            )
        )
        return True

    def found(self, tenant_id: TenantId, run_id: RunId) -> Run:
        """Return a run. Raises Missing ``run_unknown``."""
        run = self.runs.get((tenant_id, run_id))
        if run is None:
            raise unknown(run_id)
        return run


def unknown(ref: str) -> KapellError:
    """Return the error of a run that is not there."""
    return Missing(
        f"There is no run {ref!r}.",
        code="run_unknown",
        advice="List the runs with `kapell runs list`.",
    )


def check_new(new: NewRun) -> None:
    """Refuse what the real stores refuse."""
    checked(new.tenant_id, new.run_id, new.workflow, new.key, new.fingerprint, new.parent_path)
    check_events(new.tenant_id, new.run_id, 0, new.events)


def check_events(tenant_id: TenantId, run_id: RunId, after: int, events: Sequence[Event]) -> None:
    """Refuse events that do not continue the log or cannot be stored."""
    for seq, event in enumerate(events, start=after + 1):
        if event.seq != seq or event.run_id != run_id or event.tenant_id != tenant_id:
            raise Bug(f"Event {event.seq} is not number {seq}.", code="events_not_dense")
        checked(event.id, event.correlation_id, event.causation_id, event.actor)
        dump(event.payload)


def check_row(row: RunRow) -> None:
    """Refuse numbers that no column of a database takes."""
    if max(abs(row.usd), abs(row.tokens), abs(row.generation)) >= 1 << 63:
        raise Invalid(
            "The store refused the data of this decision: a number is too large.",
            code="append_refused",
            advice="Report this with the run's export; other runs are not touched.",
        )


def _same_request(one: NewRun, other: NewRun) -> bool:
    if one.tenant_id != other.tenant_id:
        return False
    return one.key == other.key if other.key else one.run_id == other.run_id


def change_rows(run: Run, changes: Sequence[RowChange]) -> None:
    """Change ledger, approvals and dead letters."""
    for change in changes:
        match change:
            case LedgerReserved():
                run.ledger[change.call] = Call(run.new.run_id, change, change.usd)
            case LedgerSettled():
                if (call := run.ledger.get(change.call)) is not None:
                    call.reserved, call.usd = 0, change.usd
                    call.input_tokens = change.input_tokens
                    call.output_tokens = change.output_tokens
                    call.state = change.state
                    call.by = change.by or call.by
            case ApprovalOpened():
                run.approvals.append(_approval(run, change))
            case ApprovalChanged() | ApprovalClosed() | ApprovalsVoid():
                run.approvals = [_changed(row, change) for row in run.approvals]
            case DeadLetterOpened():
                run.dead.append(_dead_letter(run, change))
            case DeadLetterClosed():
                run.dead = [row for row in run.dead if not _below(row.path, change.path)]


def _changed(
    row: ApprovalRow, change: ApprovalChanged | ApprovalClosed | ApprovalsVoid
) -> ApprovalRow:
    place = row.step if isinstance(change, ApprovalsVoid) else row.path
    meant = change.step if isinstance(change, ApprovalsVoid) else change.path
    if row.answer is not None or place != meant:
        return row
    if isinstance(change, ApprovalChanged):
        return msgspec.structs.replace(row, data=change.data, standing=change.standing)
    answer = "void" if isinstance(change, ApprovalsVoid) else change.answer
    return msgspec.structs.replace(row, answer=answer, by=change.by, closed_at=change.at)


def _approval(run: Run, change: ApprovalOpened) -> ApprovalRow:
    return ApprovalRow(
        run_id=run.new.run_id,
        workflow=run.new.workflow,
        path=change.path,
        step=change.step,
        title=change.title,
        data=change.data,
        edit=change.edit,
        expires=change.expires,
        at=change.at,
        answer=None,
        by="",
        details=change.details,
        standing=change.standing,
    )


def _dead_letter(run: Run, change: DeadLetterOpened) -> DeadLetterRow:
    return DeadLetterRow(
        run_id=run.new.run_id,
        workflow=run.new.workflow,
        path=change.path,
        stage=change.stage,
        code=change.failure.code,
        message=change.failure.message,
        attempts=change.attempts,
        at=change.at,
    )


def _below(path: str, place: str) -> bool:
    if not place or path == place:
        return True
    return path.startswith(place) and path[len(place)] in "/[@.:#!"
