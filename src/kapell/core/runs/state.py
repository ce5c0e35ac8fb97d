"""The folded state of a run: what ``evolve`` builds and ``decide`` reads.

It is used linearly: folding an event consumes the state it is given and returns it changed, so that
ten thousand items cost ten thousand small changes and not ten thousand copies. Only live parts are
kept: what a finished block held inside is gone, its result stays.
"""

import msgspec

from kapell.core.agents.turns import Turn
from kapell.core.events.budget import BudgetWarned
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.run import RunQueued
from kapell.core.events.value import NOTHING, Packed
from kapell.core.guardrails.labels import Label, Mask
from kapell.core.runs.status import RunStatus, StepStatus
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest

FOLD = "5"
"""Raised when the state changes in a way that older snapshots do not fit."""


MOST_REMINDERS = 20
"""Times people are reminded of one question; who wants more lets it expire and asks anew."""


class ItemResult(msgspec.Struct):
    """What is kept of an item that has ended."""

    status: StepStatus
    output: Packed = NOTHING
    failure: Failure | None = None
    label: Mask = 0


class Fan(msgspec.Struct):
    """A ``for_each`` under way.

    ``next`` is the first item not begun, ``left`` counts those not ended, ``busy`` those with a
    call in flight (they hold the slots of ``concurrency``). ``stopped`` says that an item was.
    ``label`` is that of the items.
    """

    items: Packed
    total: int
    next: int = 0
    left: int = 0
    busy: int = 0
    results: list[ItemResult | None] = []
    failed: Failure | None = None
    stopped: bool = False
    label: Mask = 0


class Judging(msgspec.Struct):
    """An answer that a judge model is asked about before it is used.

    ``call`` is the one that brought it, ``turn`` what it becomes if it has to be corrected.
    """

    call: str
    value: Packed
    turn: Turn


class StepRun(msgspec.Struct):
    """One passage of the run through a step; an item of a ``for_each`` is one too.

    ``calls`` counts the calls of this attempt, ``number`` the passes of a loop. ``waits`` names
    what it waits for, ``due`` when that ends. ``open`` counts its calls in flight, ``since`` is
    when the first of them began, ``used`` the seconds of work of this attempt before. ``turns`` are
    those of a model's answer in the making.
    ``unsure`` is the attempt whose call may have taken effect without anyone knowing, 0: none.
    ``overdue`` says that its time is up, and what comes of that has not been told yet.
    ``given`` is what a person gives its model or tool in place of what the step says.
    ``label`` is that of everything it has read and made so far, its output among it; ``ground``
    that of what decided that it happens.
    ``held`` counts its calls that wait for people; ``approved`` is the digest of the step's own
    call that they let through, ``granted`` the arguments it is made with then, with their labels.
    ``judging`` is its answer while a judge is asked about it.
    """

    path: str
    id: str
    body: int
    scope: str
    status: StepStatus = StepStatus.RUNNING
    attempt: int = 1
    item: int = -1
    output: Packed = NOTHING
    failure: Failure | None = None
    fan: Fan | None = None
    choice: str = ""
    number: int = 0
    calls: int = 0
    open: int = 0
    since: float = 0.0
    busy: int = 0
    waits: str = ""
    due: float | None = None
    signal: str = ""
    cache: str = ""
    used: float = 0.0
    turns: list[Turn] = []
    data: Packed = NOTHING
    handled: bool = False
    unsure: int = 0
    overdue: bool = False
    given: Packed | None = None
    label: Mask = 0
    ground: Mask = 0
    held: int = 0
    approved: str = ""
    granted: Packed = NOTHING
    granted_labels: dict[str, Label] = {}
    grants: dict[str, str] = {}
    judging: Judging | None = None

    @property
    def outer(self) -> str:
        """Return the path of the step this is an item of; its own path when it is none."""
        return self.path.rpartition("[")[0] if self.item >= 0 else self.path


class Scope(msgspec.Struct):
    """An open body.

    ``suffix`` says what it is to its owner: ``""``, ``.branch``, ``:case``, ``@``,
    ``!error`` or ``!undo``. ``left`` counts steps not ended, ``live`` those begun and not ended.
    ``stopped`` says that a step in it was stopped because something around has failed.
    ``names`` holds what the scope adds to expressions (inputs of a sub-workflow, frozen names),
    ``labels`` their labels. ``label`` is that of ``previous``, ``ground`` that of what decided that
    the body is carried out.
    """

    path: str
    body: int
    owner: str
    suffix: str
    left: int
    live: int = 0
    number: int = 0
    failure: Failure | None = None
    stopped: bool = False
    names: Packed = NOTHING
    previous: Packed = NOTHING
    labels: dict[str, Mask] = {}
    label: Mask = 0
    ground: Mask = 0


class OpenCall(msgspec.Struct):
    """A call requested and not answered. ``holders`` are the meters its reservation counts in.

    ``labels`` are those of its arguments by name; under the empty name stands that of a model's
    whole prompt, or of what decided that a tool is called. ``judges`` is the call whose answer a
    judge is asked about with this one.
    """

    call: str
    path: str
    kind: str
    name: str
    key: str
    prompt: Packed
    at: float
    usd: int = 0
    tokens: int = 0
    max_output: int = 0
    repeatable: bool = True
    deadline: float | None = None
    agent: str = ""
    ask: str = ""
    tools: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    labels: dict[str, Mask] = {}
    approved: str = ""
    grants: dict[str, str] = {}
    judges: str = ""


class Question(msgspec.Struct):
    """What people are asked and have not decided: about an ``approval`` step, or a held call.

    ``request`` is how they were asked, ``at`` when. ``data``, ``digest`` and ``approvers`` are what
    has become of its own since. ``agreed`` are those who approved of what ``digest`` stands for,
    ``passed`` those who handed it on, ``changes`` counts what was said without deciding it.
    ``labels`` are those of a call's arguments once somebody changed them. ``foreign`` says that the
    question came in a file: whatever is answered, the call is judged anew.
    """

    request: ApprovalRequested
    at: float
    data: Packed
    digest: str
    approvers: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    reminded: int = 0
    escalate_at: float | None = None
    changes: int = 0
    labels: dict[str, Label] = {}
    foreign: bool = False

    @property
    def key(self) -> str:
        """Return its address: what an answer names."""
        return self.request.call or self.request.path

    @property
    def timer(self) -> str:
        """Return the name of its timer: no step run has it."""
        return f"?{self.key}"

    def due(self) -> float | None:
        """Return when it has to be looked at: to remind, to escalate, and a held call to expire.

        A step waits for its own expiry.
        """
        asked = self.request
        times = [asked.expires] if asked.call and asked.expires is not None else []
        if self.escalate_at is not None:
            times.append(self.escalate_at)
        if asked.remind is not None and self.reminded < MOST_REMINDERS:
            times.append(self.at + asked.remind * (self.reminded + 1))
        return min(times, default=None)


class GivenUp(msgspec.Struct):
    """What is settled at its worst case in the meters ``holders`` until more is known.

    It is a model call whose worker was lost, or a child run that took too long or has such a call.
    """

    usd: int
    tokens: int
    holders: tuple[str, ...]


class Meter(msgspec.Struct):
    """What a budgeted scope has reserved and used; ``""`` is the run's.

    Time counts only while a call is in flight below it (``busy`` > 0).
    """

    limit_usd: int | None = None
    limit_tokens: int | None = None
    limit_time: float | None = None
    timeout: float | None = None
    reserved_usd: int = 0
    reserved_tokens: int = 0
    usd: int = 0
    tokens: int = 0
    busy: int = 0
    since: float = 0.0
    used: float = 0.0
    warned: list[BudgetWarned] = []

    def ends(self) -> float | None:
        """Return the instant at which its time is used up if the work goes on; None: never."""
        limit = self.timeout
        if self.limit_time is not None and (limit is None or self.limit_time < limit):
            limit = self.limit_time
        if limit is None or not self.busy:
            return None
        return self.since + limit - self.used


class UndoEntry(msgspec.Struct):
    """A finished step that can be undone, with the names its compensation reads, frozen.

    ``labels`` are theirs, under the empty name stands that of what decided that it happened.
    """

    path: str
    body: int
    names: Packed
    labels: dict[str, Mask] = {}


class HeldSignal(msgspec.Struct):
    """A signal nobody waited for yet."""

    seq: int
    name: str
    payload: Packed
    label: Mask = 0


class Child(msgspec.Struct):
    """A child run that has not ended.

    ``path`` is the step run it works for, ``call`` the call it carries out if an agent asked for it
    under the name ``ask``. The state knows it by its call, else by its path.
    """

    run_id: str
    path: str
    usd: int | None = None
    tokens: int | None = None
    call: str = ""
    ask: str = ""


class Streak(msgspec.Struct):
    """How often in a row an agent failed, and how often it was not sure."""

    failures: int = 0
    doubts: int = 0


class Breaking(msgspec.Struct):
    """What the breaker counts.

    ``failures`` and ``doubts`` of the run in a row, by the names of agents what is theirs;
    ``calls`` and ``runs`` made with all that the run began. ``base`` is what had been spent and
    made (nano-dollars, calls, runs) when a person last looked; ``alerted`` says that unusual
    spending was told.
    """

    failures: int = 0
    agents: dict[str, Streak] = {}
    calls: int = 0
    runs: int = 0
    doubts: int = 0
    base: tuple[int, int, int] = (0, 0, 0)
    alerted: bool = False


class State(msgspec.Struct, kw_only=True):
    """A run, folded.

    ``phase`` is what it is about: going, failing, held, cancelling, undoing or ended. ``usd`` and
    ``tokens`` count against its limits; what of them a fork took over, and did not spend itself, is
    ``copied_usd`` and ``copied_tokens``. ``written`` are the labels of the files of the run's
    folder, ``label`` is that of the run's outcome.
    """

    tenant_id: TenantId
    run_id: RunId
    request: RunQueued
    correlation_id: str
    created_at: float
    subject: str = ""
    seq: int = 0
    status: RunStatus = RunStatus.QUEUED
    phase: str = "going"
    generation: int = 1
    started_at: float = 0.0
    steps: dict[str, StepRun] = {}
    scopes: dict[str, Scope] = {}
    calls: dict[str, OpenCall] = {}
    meters: dict[str, Meter] = {}
    timers: dict[str, float] = {}
    children: dict[str, Child] = {}
    signals: list[HeldSignal] = []
    questions: dict[str, Question] = {}
    files: dict[str, Digest] = {}
    written: dict[str, Mask] = {}
    undo: list[UndoEntry] = []
    undoing: str = ""
    dead: list[str] = []
    failure: Failure | None = None
    reason: str = ""
    output: Packed = NOTHING
    label: Mask = 0
    undone: int = 0
    ended_at: float | None = None
    updated_at: float = 0.0
    usd: int = 0
    tokens: int = 0
    copied_usd: int = 0
    copied_tokens: int = 0
    late: dict[str, GivenUp] = {}
    late_children: dict[str, GivenUp] = {}
    owner: str = ""
    breaking: Breaking = msgspec.field(default_factory=Breaking)
