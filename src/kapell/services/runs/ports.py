"""What the run services need from a store and a doorbell; every adapter passes one contract suite.

All times are seconds since 1970 in UTC. The store's own clock alone decides what is due.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.run import RunQueued
from kapell.core.guardrails.standing import lowered, told
from kapell.core.pricing.habit import Habit
from kapell.core.runs.commands import Command
from kapell.core.runs.rows import Details, RowChange, RunRow, Standing
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, TenantId, VersionHash, WorkerId
from kapell.kit.json import Digest

SUSPECT_AT = 2
"""Owners without getting on after which a run is suspected of ending them."""


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be begun: its row, its first events (one, or a fork's copied prefix), its artifacts.

    ``key`` is the caller's idempotency key ("" for none); ``fingerprint`` tells whether a repeated
    key asks for the same thing. ``wake_at`` None means at once. ``row`` is the row after them.
    ``owner`` is the worker that owns the run from its birth, under epoch 1. ``created_at`` and
    ``updated_at`` are those of a run that is taken in from elsewhere; None means now.
    """

    tenant_id: TenantId
    run_id: RunId
    workflow: str
    version: VersionHash
    events: tuple[Event, ...]
    artifacts: Mapping[Digest, bytes]
    row: RunRow
    changes: tuple[RowChange, ...] = ()
    key: str = ""
    fingerprint: str = ""
    priority: int = 0
    wake_at: float | None = None
    parent_run: RunId | None = None
    parent_path: str = ""
    forked_from: RunId | None = None
    owner: WorkerId | None = None
    created_at: float | None = None
    updated_at: float | None = None

    @property
    def guards(self) -> str:
        """Return in words which guards are off, empty when none is."""
        request = self.events[0].payload if self.events else None
        if not isinstance(request, RunQueued) or not lowered(request.guards):
            return ""
        return told(request.guards)


class Started(msgspec.Struct, frozen=True):
    """``created`` is False when the key had started this run before."""

    run_id: RunId
    created: bool


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A command for a run. ``key`` makes a repeated command one."""

    tenant_id: TenantId
    run_id: RunId
    key: str
    command: Command
    actor: str


class InboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A command as it lies in the inbox; ``number`` orders the messages of a run."""

    number: int
    run_id: RunId
    key: str
    command: Command
    actor: str
    at: float


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, to be stored whole or not at all.

    ``events`` begin at ``expected_seq + 1``. ``consumed`` are inbox numbers. ``starts`` are child
    runs and ``messages`` commands for other runs (a parent's child outcome). ``release`` gives the
    run back in the same transaction, unless its inbox holds something not in ``consumed``.
    ``claims`` is what the next claim counts on from: 0, unless this append only takes up what an
    earlier owner left, so that a run that ends its owners at the same place is noticed.
    """

    tenant_id: TenantId
    run_id: RunId
    worker: WorkerId
    epoch: int
    expected_seq: int
    events: tuple[Event, ...]
    row: RunRow
    artifacts: Mapping[Digest, bytes] = {}
    changes: tuple[RowChange, ...] = ()
    consumed: tuple[int, ...] = ()
    starts: tuple[NewRun, ...] = ()
    messages: tuple[Message, ...] = ()
    release: bool = False
    claims: int = 0


class Appended(msgspec.Struct, frozen=True):
    """The append is durable. ``released`` False after asking means: look into the inbox, go on."""

    seq: int
    released: bool


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A run this worker owns now; ``takeovers`` counts its owners since it last got on."""

    tenant_id: TenantId
    run_id: RunId
    workflow: str
    version: VersionHash
    epoch: int
    seq: int
    takeovers: int
    status: RunStatus


class Claimed(msgspec.Struct, frozen=True):
    """The claims, the store's clock, and when the next free run is due (None: none known)."""

    claims: tuple[Claim, ...]
    now: float
    next_due: float | None


class Beat(msgspec.Struct, frozen=True):
    """What a heartbeat found: runs this worker holds no longer, the store's clock."""

    lost: frozenset[RunId]
    now: float


class Snapshot(msgspec.Struct, frozen=True):
    """A folded state as bytes, a cache; ``fold`` is the version of the code that folded it."""

    seq: int
    fold: str
    body: bytes


class History(msgspec.Struct, frozen=True):
    """A run's snapshot, if one fits, and the events after it."""

    snapshot: Snapshot | None
    events: tuple[Event, ...]


class RunLost(Exception):
    """The append was refused: the run belongs to somebody else. Drop it, touch nothing."""


class RunLog(Protocol):
    """Appends, group committed and fenced, and what a worker needs to own runs."""

    async def append(self, append: Append) -> Appended:
        """Store one decision durably.

        Raises:
            RunLost: epoch, owner or sequence do not fit any more.
            KapellError: the decision itself cannot be stored (only this one fails).
        """
        ...

    async def claim(
        self,
        worker: WorkerId,
        limit: int,
        caps: Mapping[str, int],
        fold_format: int,
        suspects: bool = False,
    ) -> Claimed:
        """Own up to ``limit`` due runs: fair over tenants, by priority with ageing, then by age.

        ``caps`` limits how many runs of a workflow may be owned at once, over all workers.
        ``suspects`` asks for the runs that had ``SUSPECT_AT`` owners since they last got on, and
        for no others; without it they are left, so that a worker never owns more of them than it
        can watch, and none is charged with the death of a worker that did not even begin it.
        """
        ...

    async def release(
        self,
        worker: WorkerId,
        tenant_id: TenantId,
        run_id: RunId,
        epoch: int,
        wake_at: float | None,
    ) -> bool:
        """Give a run back; False (and still owned) when its inbox holds something."""
        ...

    async def beat(self, worker: WorkerId, held: Mapping[RunId, int], lease: float) -> Beat:
        """Renew the worker's lease for ``lease`` seconds and compare what it holds with the store.

        The surplus is freed, and so are the runs of workers whose lease has ended.
        """
        ...

    async def leave(self, worker: WorkerId) -> None:
        """Give everything back and forget the worker."""
        ...

    async def inbox(self, worker: WorkerId, runs: Sequence[RunId]) -> tuple[InboxMessage, ...]:
        """Return unconsumed messages of these runs; of all the worker owns when there are none."""
        ...

    async def load(self, tenant_id: TenantId, run_id: RunId, fold: str) -> History:
        """Return what is needed to fold the run."""
        ...

    async def save_snapshot(self, tenant_id: TenantId, run_id: RunId, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of older ones."""
        ...


class RunStarts(Protocol):
    """Beginning runs and telling them things; needs no ownership."""

    async def start(self, runs: Sequence[NewRun]) -> tuple[Started, ...]:
        """Store new runs, each once per key, all in one transaction; rings the doorbell.

        Raises:
            Conflict: ``key_reused`` when a key was used for something else.
        """
        ...

    async def send(self, message: Message) -> bool:
        """Put a command into a run's inbox, wake the run and ring; False when the key was there.

        Raises:
            Missing: ``run_unknown``.
        """
        ...

    async def save_version(
        self, tenant_id: TenantId, version: VersionHash, name: str, body: bytes
    ) -> None:
        """Keep a compiled version; the same hash again is nothing new."""
        ...

    async def load_version(self, tenant_id: TenantId, version: VersionHash) -> bytes:
        """Return a compiled version. Raises Missing ``version_unknown``."""
        ...


class ArtifactStore(Protocol):
    """Large values and files, content-addressed per tenant."""

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes. Raises Missing ``artifact_unknown``."""
        ...

    async def put(self, tenant_id: TenantId, items: Mapping[Digest, bytes]) -> None:
        """Keep bytes under their digests."""
        ...


class CachedResults(Protocol):
    """Results of steps that say ``cache``."""

    async def get(self, tenant_id: TenantId, key: str) -> bytes | None:
        """Return the live result under ``key``."""
        ...

    async def put(self, tenant_id: TenantId, key: str, body: bytes, ttl: float) -> None:
        """Keep a result for ``ttl`` seconds."""
        ...


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as lists show it; ``attended`` tells whether a worker with a living lease owns it.

    ``guards`` says which guards are off, empty when none is.
    """

    tenant_id: TenantId
    run_id: RunId
    workflow: str
    version: VersionHash
    status: RunStatus
    seq: int
    generation: int
    owner: str | None
    attended: bool
    wake_at: float | None
    priority: int
    created_at: float
    updated_at: float
    ended_at: float | None
    usd: int
    tokens: int
    error_code: str
    key: str
    parent_run: RunId | None
    forked_from: RunId | None
    guards: str = ""


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as lists show it; ``answer`` and ``closed_at`` None while it is open.

    ``path`` is its address: of a held call the call's, else that of its ``step``.
    """

    run_id: RunId
    workflow: str
    path: str
    step: str
    title: str
    data: str
    edit: tuple[str, ...]
    expires: float | None
    at: float
    answer: str | None
    by: str
    closed_at: float | None = None
    details: Details = Details()
    standing: Standing = Standing()


class DeadLetterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as lists show it."""

    run_id: RunId
    workflow: str
    path: str
    stage: str
    code: str
    message: str
    attempts: int
    at: float


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """Costs of one group of calls; ``group`` is the value grouped by."""

    group: str
    calls: int
    usd: int
    reserved: int
    input_tokens: int
    output_tokens: int


class AccuracyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Predicted against actual cost of one group of calls, in nano-dollars.

    ``missed`` adds up by how much each call was missed, whether above or below.
    """

    group: str
    calls: int
    predicted: int
    usd: int
    missed: int


class RunReader(Protocol):
    """Reads that need no ownership, from connections of their own."""

    async def runs(
        self,
        tenant_id: TenantId,
        *,
        status: RunStatus | None = None,
        workflow: str | None = None,
        limit: int = 50,
        before: RunId | None = None,
    ) -> tuple[RunSummary, ...]:
        """Return runs, newest first."""
        ...

    async def children(self, tenant_id: TenantId, parent: RunId) -> tuple[RunSummary, ...]:
        """Return the runs that a run began: for its agents, and for detached workflows."""
        ...

    async def run(self, tenant_id: TenantId, ref: str) -> RunSummary:
        """Return one run by id, unique beginning or end of it, or ``last``: no other run's child.

        Raises:
            Missing: ``run_unknown``; Invalid: ``run_ambiguous``.
        """
        ...

    async def events(
        self, tenant_id: TenantId, run_id: RunId, after: int = 0, limit: int = 1000
    ) -> tuple[Event, ...]:
        """Return a run's events after a sequence number."""
        ...

    async def approvals(
        self, tenant_id: TenantId, run_id: RunId | None = None, open_only: bool = True
    ) -> tuple[ApprovalRow, ...]:
        """Return approvals, oldest first."""
        ...

    async def told(
        self, tenant_id: TenantId, run_id: RunId, beginning: str
    ) -> tuple[InboxMessage, ...]:
        """Return what the run was told under keys that begin so, in order, read or not."""
        ...

    async def dead_letters(
        self, tenant_id: TenantId, run_id: RunId | None = None
    ) -> tuple[DeadLetterRow, ...]:
        """Return open dead letters, oldest first."""
        ...

    async def costs(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[CostRow, ...]:
        """Return costs grouped, dearest first."""
        ...

    async def accuracy(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[AccuracyRow, ...]:
        """Return how well the costs of answered calls were predicted, dearest group first."""
        ...

    async def habits(self, tenant_id: TenantId) -> Mapping[str, tuple[Habit, ...]]:
        """Return by model what its last answered calls used, added up by agent and step."""
        ...

    async def feed(self, after: int, limit: int = 500) -> tuple[tuple[int, Event], ...]:
        """Return events of all runs after a global position, in order and without gaps."""
        ...

    async def cursor(self, subscriber: str) -> int:
        """Return the position a subscriber has reached (0 at first)."""
        ...

    async def save_cursor(self, subscriber: str, position: int) -> None:
        """Remember the position a subscriber has reached."""
        ...


class Doorbell(Protocol):
    """Only a hint that something may be due: a lost ring costs a sweep, never a run."""

    async def ring(self, run_ids: Sequence[RunId]) -> None:
        """Tell every listening worker that something changed."""
        ...

    def listen(self) -> AsyncIterator[frozenset[RunId]]:
        """Yield sets of runs that were rung for; empty when it is not known which."""
        ...
