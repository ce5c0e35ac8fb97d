"""A run as a tree of steps: states, items as counters, attempts, time, tokens, cost."""

from collections.abc import Iterable, Sequence

import msgspec

from kapell.core.events.budget import BudgetSettled
from kapell.core.events.compensation import (
    CompensationFailed,
    CompensationStarted,
    CompensationSucceeded,
)
from kapell.core.events.envelope import Event
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalExpired,
    ApprovalRequested,
)
from kapell.core.events.model import ModelJudged, ModelRequested
from kapell.core.events.run import (
    RunCancelled,
    RunFailed,
    RunForked,
    RunMerged,
    RunQueued,
    RunRepaired,
    RunStarted,
    RunSucceeded,
    RunWaiting,
)
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
    StepWaiting,
)
from kapell.core.events.tool import ToolRequested
from kapell.core.events.value import NOTHING, Packed
from kapell.core.guardrails.labels import Label, joined
from kapell.core.guardrails.standing import told
from kapell.core.runs import paths
from kapell.core.runs.status import RUN_TRANSITIONS, TERMINAL, RunStatus, StepStatus
from kapell.kit.errors import Failure
from kapell.projections import addresses
from kapell.projections.asked import OpenApproval, answered, open_approval, void

_WORST = (
    StepStatus.DEAD,
    StepStatus.FAILED,
    StepStatus.CANCELLED,
    StepStatus.COMPENSATED,
    StepStatus.SUCCEEDED,
    StepStatus.SKIPPED,
)

_UNHAPPY = (StepStatus.DEAD, StepStatus.FAILED)


class Fan(msgspec.Struct):
    """One passage of a step over items: where it stands, how many there are, and have succeeded."""

    status: StepStatus
    total: int
    succeeded: int = 0


class StepView(msgspec.Struct, kw_only=True):
    """One step with all its step runs.

    ``live`` holds the step runs that have not ended, ``ended`` counts those that have; of a
    ``for_each`` these are its items, ``total`` of them, and ``fans`` the passages that hold items.
    ``unhappy`` remembers which ended step runs did not succeed: they may begin again. ``copied``
    says that all it did was done in the run that was forked, ``halted`` which passages the end of
    the run cut short: what is mended lets them go on. ``label`` says who had a part in what came of
    it.
    """

    step: str
    total: int = 0
    live: dict[str, StepStatus] = {}
    fans: dict[str, Fan] = {}
    ended: dict[StepStatus, int] = {}
    unhappy: dict[str, StepStatus] = {}
    retries: int = 0
    waits: str = ""
    until: float | None = None
    calls: int = 0
    tool: str = ""
    model: str = ""
    agent: str = ""
    usd: int = 0
    tokens: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    failure: Failure | None = None
    copied: bool = False
    halted: list[str] = []
    label: Label = ()

    @property
    def fanned(self) -> bool:
        """Tell whether the step goes over items."""
        return bool(self.fans)

    @property
    def done(self) -> int:
        """Return how many step runs have ended."""
        return sum(self.ended.values())

    @property
    def status(self) -> StepStatus:
        """Return where the step stands, taken together."""
        states = set(self.live.values())
        if StepStatus.RUNNING in states:
            return StepStatus.RUNNING
        if StepStatus.WAITING in states:
            return StepStatus.WAITING
        fans = {fan.status for fan in self.fans.values()}
        if StepStatus.RUNNING in fans:
            return StepStatus.RUNNING
        ended = fans or {state for state, count in self.ended.items() if count}
        return next((one for one in _WORST if one in ended), StepStatus.QUEUED)


class RunView(msgspec.Struct, kw_only=True):
    """A run as it is shown: what it is, where it stands, and its steps in the order they began.

    ``guards`` says what is out of the ordinary about its guards, empty for nothing. ``dead`` holds
    the step runs that wait for a person, each with why, ``stuck`` those that could not be undone;
    ``undone`` says that a failure undid finished steps, so that the run itself cannot go on,
    ``unjudged`` on how many answers their judge gave no verdict, by why.
    """

    run_id: str
    workflow: str
    version: str
    created_at: float
    seq: int = 0
    status: RunStatus = RunStatus.QUEUED
    generation: int = 1
    model: str = ""
    key: str = ""
    forked_from: str = ""
    guards: str = ""
    scheduled_for: float | None = None
    inputs: Packed = NOTHING
    output: Packed = NOTHING
    failure: Failure | None = None
    reason: str = ""
    waiting: RunWaiting | None = None
    started_at: float | None = None
    ended_at: float | None = None
    updated_at: float = 0.0
    usd: int = 0
    tokens: int = 0
    calls: int = 0
    steps: dict[str, StepView] = {}
    approvals: dict[str, OpenApproval] = {}
    dead: dict[str, Failure] = {}
    stuck: list[str] = []
    undone: bool = False
    label: Label = ()
    settled: dict[str, tuple[int, int]] = {}
    unjudged: dict[str, int] = {}

    @property
    def ended(self) -> bool:
        """Tell whether the run has ended."""
        return self.status in TERMINAL

    def step(self, path: str) -> StepView:
        """Return the step a path belongs to; it is added when it is new."""
        name = addresses.step_of(path)
        return self.steps.setdefault(name, StepView(step=name))

    def inner(self, step: str) -> Sequence[StepView]:
        """Return the steps right below one, or those of the workflow for an empty address."""
        return [one for name, one in self.steps.items() if self._above(name) == step]

    def _above(self, step: str) -> str:
        """Return the nearest step above that the view knows."""
        above = addresses.parent_of(step)
        while above and above not in self.steps:
            above = addresses.parent_of(above)
        return above


def begin(event: Event, outline: Sequence[str] = ()) -> RunView:
    """Return the view of a run whose first event this is.

    Args:
        event: ``run.queued``.
        outline: The steps it may come to, in their order; without, steps appear as they begin.
    """
    request = event.payload
    assert isinstance(request, RunQueued)  # noqa: S101 - every log begins with it
    return RunView(
        run_id=event.run_id,
        workflow=request.workflow,
        version=request.version,
        created_at=event.at,
        seq=event.seq,
        model=request.model or "",
        key=request.key,
        guards=told(request.guards),
        scheduled_for=request.scheduled_for,
        inputs=request.inputs,
        updated_at=event.at,
        steps={step: StepView(step=step) for step in outline},
    )


def tree(events: Iterable[Event]) -> RunView:
    """Return the view of a whole log."""
    rest = iter(events)
    view = begin(next(rest))
    for event in rest:
        fold(view, event)
    return view


def fold(view: RunView, event: Event) -> RunView:
    """Return the view after an event; the view that is given is changed."""
    view.seq, view.updated_at = event.seq, event.at
    view.run_id = event.run_id
    if event.type.startswith("run."):
        _of_run(view, event)
    else:
        _of_step(view, event)
    return view


def _of_run(view: RunView, event: Event) -> None:
    payload = event.payload
    view.status = RUN_TRANSITIONS.get((view.status, event.type), view.status)
    view.waiting = payload if isinstance(payload, RunWaiting) else None
    if view.ended:
        view.ended_at = event.at
        for path in [path for step in view.steps.values() for path in step.live]:
            _end(view, path, StepStatus.CANCELLED, event.at)
        _halt(view)
        view.approvals.clear()
        if not isinstance(payload, RunFailed) or payload.compensated:
            # Nobody can mend these any more; what could not be undone needs a person still.
            view.dead = {path: why for path, why in view.dead.items() if path in view.stuck}
    else:
        view.ended_at = None
        _go_on(view)
    if isinstance(payload, RunStarted):
        view.started_at = event.at
    elif isinstance(payload, RunSucceeded):
        view.output, view.failure, view.label = payload.output, None, payload.label
    elif isinstance(payload, RunMerged):
        view.label = payload.label
        view.output, view.failure, view.generation = payload.output, None, payload.generation
        view.dead.clear()
        view.undone = False
    elif isinstance(payload, RunFailed):
        view.failure, view.undone = payload.failure, payload.compensated
    elif isinstance(payload, RunCancelled):
        view.reason = payload.reason
    elif isinstance(payload, RunRepaired):
        view.generation, view.failure = payload.generation, None
        view.dead.pop(payload.path, None)
    elif isinstance(payload, RunForked):
        _forked(view, payload, event.at)


def _halt(view: RunView) -> None:
    """End the passages over items that the end of the run cut short, as their items ended."""
    for step in view.steps.values():
        states = {state for state, count in step.ended.items() if count}
        ended = next((one for one in _UNHAPPY if one in states), StepStatus.CANCELLED)
        for path, fan in step.fans.items():
            if fan.status is StepStatus.RUNNING:
                fan.status = ended
                step.halted.append(path)


def _go_on(view: RunView) -> None:
    for step in view.steps.values():
        for path in step.halted:
            step.fans[path].status = StepStatus.RUNNING
        step.halted.clear()


def _forked(view: RunView, payload: RunForked, at: float) -> None:
    """What was open in the copied prefix is void and begins anew; its clock begins here."""
    view.forked_from = payload.run_id
    view.created_at = view.started_at = at
    view.approvals.clear()
    view.dead.clear()
    view.stuck.clear()
    view.failure, view.generation, view.undone = None, 1, False
    if payload.inputs is not None:
        view.inputs = payload.inputs
    for step in view.steps.values():
        if not any(other.live for other in view.steps.values() if _below(other, step)):
            step.live.clear()
        step.waits, step.until = "", None
        if step.ended_at is None:
            step.started_at = at
        step.copied = step.ended_at is not None and not step.live
    # The original paid for what was copied and keeps it in its own sums.
    view.usd = view.tokens = view.calls = 0
    for step in view.steps.values():
        step.usd = step.tokens = step.calls = 0


def _below(other: StepView, step: StepView) -> bool:
    return other.step.startswith(tuple(f"{step.step}{sign}" for sign in "/.:"))


def _of_step(view: RunView, event: Event) -> None:  # noqa: C901 - one branch per fact
    payload = event.payload
    match payload:
        case StepStarted():
            _started(view, payload, event.at)
        case StepWaiting():
            step = view.step(payload.path)
            step.live[payload.path] = StepStatus.WAITING
            step.waits, step.until = payload.signal or payload.on, payload.until
        case StepRetryScheduled():
            step = view.step(payload.path)
            step.live[payload.path] = StepStatus.WAITING
            step.waits, step.until, step.failure = "retry", payload.at, payload.failure
            step.retries += 1
            void(view.approvals, payload.path)
        case StepSucceeded():
            step = view.step(payload.path)
            step.label = joined((step.label, payload.label))
            _succeeded(view, payload.path, event.at)
        case StepSkipped():
            view.dead.pop(payload.path, None)
            _end(view, payload.path, StepStatus.SKIPPED, event.at)
        case StepFailed():
            step = view.step(payload.path)
            step.failure, step.label = payload.failure, joined((step.label, payload.label))
            _end(view, payload.path, StepStatus.FAILED, event.at)
        case StepDead():
            _dead(view, payload, event.at)
        case CompensationStarted():
            view.step(payload.path).waits = "undo"
        case CompensationSucceeded():
            _undone(view.step(payload.path), payload.path)
        case CompensationFailed():
            view.step(payload.path).failure = payload.failure
        case ModelRequested():
            step = _called(view, payload.path)
            if not payload.judges:
                step.model, step.agent = payload.model, payload.agent
        case ModelJudged() if payload.without:
            view.unjudged[payload.without] = view.unjudged.get(payload.without, 0) + 1
        case ToolRequested():
            _called(view, payload.path).tool = payload.tool
        case BudgetSettled():
            _settled(view, payload)
        case ApprovalRequested():
            _asked(view, payload)
        case ApprovalAnswered() | ApprovalExpired():
            _answered(view, payload)
        case _:
            pass


def _called(view: RunView, path: str) -> StepView:
    step = view.step(path)
    step.live[path] = StepStatus.RUNNING
    step.calls += 1
    view.calls += 1
    return step


def _asked(view: RunView, payload: ApprovalRequested) -> None:
    asked = open_approval(payload)
    view.approvals[asked.path] = asked
    if payload.call:
        step = view.step(payload.path)
        step.live[payload.path] = StepStatus.WAITING
        step.waits, step.until = "approval", payload.expires


def _answered(view: RunView, payload: ApprovalAnswered | ApprovalExpired) -> None:
    answered(view.approvals, payload)
    if payload.call and not any(one.step == payload.path for one in view.approvals.values()):
        step = view.step(payload.path)
        step.waits, step.until = "", None
        if payload.path in step.live:
            step.live[payload.path] = StepStatus.RUNNING


def _started(view: RunView, payload: StepStarted, at: float) -> None:
    step = view.step(payload.path)
    view.dead.pop(payload.path, None)
    if step.started_at is None:
        step.started_at = at
    step.ended_at, step.copied = None, False
    step.waits, step.until = "", None
    if payload.attempt > 1:
        _forget(view, payload.path, payload.attempt)
    if payload.items is not None:
        fan = step.fans.get(payload.path)
        if fan is None:
            fan = step.fans[payload.path] = Fan(StepStatus.RUNNING, payload.total)
            step.total += payload.total
        fan.status = StepStatus.RUNNING
        return
    before = step.unhappy.pop(payload.path, None)
    if before is not None:
        step.ended[before] -= 1
    step.live[payload.path] = StepStatus.RUNNING


def _forget(view: RunView, path: str, attempt: int) -> None:
    """Drop what step runs in earlier attempts of this one came to: only the last attempt counts.

    Those that succeeded stay counted, but for items, of which the last attempt has its own.
    """
    before = paths.attempts_before(path, attempt)
    name = addresses.step_of(path)
    for step in view.steps.values():
        if not step.step.startswith(name):
            continue
        for inner in [inner for inner in step.unhappy if inner.startswith(before)]:
            step.ended[step.unhappy.pop(inner)] -= 1
        for inner in [inner for inner in step.fans if inner.startswith(before)]:
            fan = step.fans.pop(inner)
            step.total -= fan.total
            step.ended[StepStatus.SUCCEEDED] = (
                step.ended.get(StepStatus.SUCCEEDED, 0) - fan.succeeded
            )


def _end(view: RunView, path: str, status: StepStatus, at: float) -> None:
    step = view.step(path)
    void(view.approvals, path)
    step.ended_at = at
    if path in step.fans:
        step.fans[path].status = status
        return
    step.live.pop(path, None)
    before = step.unhappy.pop(path, None)
    if before is not None:
        step.ended[before] -= 1
    step.ended[status] = step.ended.get(status, 0) + 1
    if status is not StepStatus.SUCCEEDED:
        step.unhappy[path] = status
    elif path.endswith("]") and (fan := step.fans.get(path.rpartition("[")[0])) is not None:
        fan.succeeded += 1
    if not step.live:
        step.waits, step.until = "", None


def _dead(view: RunView, payload: StepDead, at: float) -> None:
    view.dead[payload.path] = payload.failure
    if payload.path == paths.ROOT:
        return  # it is the run that stands still, and no step of it
    step = view.step(payload.path)
    step.failure = payload.failure
    if payload.stage == "compensation":
        view.stuck.append(payload.path)
    if payload.stage == "unknown_outcome":
        step.live[payload.path] = StepStatus.WAITING
        step.waits, step.until = "person", None
    else:
        _end(view, payload.path, StepStatus.DEAD, at)


def _succeeded(view: RunView, path: str, at: float) -> None:
    """End a step run; why the step failed is forgotten when nothing of it stands so any more."""
    view.dead.pop(path, None)
    _end(view, path, StepStatus.SUCCEEDED, at)
    step = view.step(path)
    if not any(state in _UNHAPPY for state in step.unhappy.values()):
        step.failure = None


def _undone(step: StepView, path: str) -> None:
    step.waits = ""
    if path in step.fans:
        step.fans[path].status = StepStatus.COMPENSATED
        return
    before = step.unhappy.pop(path, StepStatus.SUCCEEDED)
    step.ended[before] = max(0, step.ended.get(before, 0) - 1)
    step.ended[StepStatus.COMPENSATED] = step.ended.get(StepStatus.COMPENSATED, 0) + 1
    step.unhappy[path] = StepStatus.COMPENSATED


def _settled(view: RunView, payload: BudgetSettled) -> None:
    """Count what a call used; a later settlement of the same call corrects the earlier one."""
    usd, tokens = view.settled.get(payload.call, (0, 0))
    step = view.step(paths.of_call(payload.call))
    for counted in (step, view):
        counted.usd += payload.usd - usd
        counted.tokens += payload.tokens - tokens
    view.settled[payload.call] = (payload.usd, payload.tokens)
