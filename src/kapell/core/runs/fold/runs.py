"""How facts about the whole run change the state."""

from kapell.core.agents import turns
from kapell.core.events.run import (
    RunAssigned,
    RunCancelled,
    RunCancelling,
    RunFailed,
    RunForked,
    RunMerged,
    RunQueued,
    RunRepaired,
    RunResumed,
    RunStarted,
    RunSucceeded,
    RunWaiting,
)
from kapell.core.events.value import NOTHING
from kapell.core.guardrails.labels import USER, mask_of
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import Meter, State, StepRun
from kapell.core.runs.status import STEP_ENDED, StepStatus
from kapell.kit.errors import Bug


def queued(state: State, program: Program, event: RunQueued, at: float, seq: int) -> None:
    """The first event made the state; a second one is a mistake of ours."""
    del state, program, event, at, seq
    raise Bug("A run was queued twice.", code="illegal_transition")


def assigned(state: State, program: Program, event: RunAssigned, at: float, seq: int) -> None:
    """A worker holds the lease."""
    del program, at, seq
    state.owner = event.worker


def started(state: State, program: Program, event: RunStarted, at: float, seq: int) -> None:
    """The root scope opens and the run's meter begins to count."""
    del event, seq
    state.started_at = at
    tree.open_scope(
        state,
        program,
        base=paths.ROOT,
        suffix="",
        body=0,
        owner="",
        ground=mask_of(state.request.label),
    )
    limits = [budget for budget in (program.version.budget, state.request.budget) if budget]
    state.meters[paths.ROOT] = Meter(
        limit_usd=min((b.usd for b in limits if b.usd is not None), default=None),
        limit_tokens=min((b.tokens for b in limits if b.tokens is not None), default=None),
        limit_time=min((b.time for b in limits if b.time is not None), default=None),
        timeout=program.version.timeout,
    )


def waiting(state: State, program: Program, event: RunWaiting, at: float, seq: int) -> None:
    """Nothing is in flight."""
    del state, program, event, at, seq


def resumed(state: State, program: Program, event: RunResumed, at: float, seq: int) -> None:
    """It goes on."""
    del state, program, event, at, seq


def succeeded(state: State, program: Program, event: RunSucceeded, at: float, seq: int) -> None:
    """All is done."""
    del program, seq
    state.output = event.output
    state.label = mask_of(event.label)
    _over(state, at)


def failed(state: State, program: Program, event: RunFailed, at: float, seq: int) -> None:
    """It failed; what it was doing stays known, so that a person may repair it."""
    del program, seq
    state.failure = event.failure
    state.label = mask_of(event.label)
    _over(state, at)


def cancelling(state: State, program: Program, event: RunCancelling, at: float, seq: int) -> None:
    """Nothing new begins."""
    del seq
    if paths.ROOT not in state.scopes:
        started(state, program, RunStarted(), at, 0)
    state.phase = "cancelling"
    state.reason = event.reason
    state.failure = None


def cancelled(state: State, program: Program, event: RunCancelled, at: float, seq: int) -> None:
    """It was ended on request."""
    del program, event, seq
    _over(state, at)


def _over(state: State, at: float) -> None:
    state.phase = "ended"
    state.ended_at = at


def repaired(state: State, program: Program, event: RunRepaired, at: float, seq: int) -> None:
    """The run is open again; the step run's new result or attempt follows.

    What is dead inside the step run goes with it. A run that is tried anew as a whole has its time
    anew.
    """
    del at, seq
    state.generation = event.generation
    state.dead = [path for path in state.dead if not _is_inside(state, path, event.path)]
    meter = state.meters.get(event.path) if event.path == paths.ROOT else None
    if meter is not None and program.version.timeout is not None:
        meter.timeout = meter.used + program.version.timeout
    run = state.steps.get(event.path)
    state.undo = [entry for entry in state.undo if entry.path != event.path]
    if run is not None:
        run.given = event.given
        if event.given is not None:
            run.turns, run.approved = [], ""
        if event.output is not None:
            run.label = USER  # what a person gives is theirs, whatever was read before
        run.status = StepStatus.RUNNING
        tree.clear_wait(state, run)
    if state.phase in _STANDING and not any(_blocks(state, path) for path in state.dead):
        state.phase = "going"
        state.failure = None
        state.ended_at = None


def _is_inside(state: State, path: str, whole: str) -> bool:
    run = state.steps.get(path)
    held = run is not None and any(one.path == whole for one in tree.chain(state, run))
    return held or path == whole


_STANDING = frozenset({"failing", "held", "ended"})
"""Phases a repair ends: a run that is being undone goes on with that."""


def _blocks(state: State, path: str) -> bool:
    run = state.steps.get(path)
    return run is not None and run.status is StepStatus.DEAD


def merged(state: State, program: Program, event: RunMerged, at: float, seq: int) -> None:
    """A fork's outcome is this run's own now."""
    del program, seq
    state.generation = event.generation
    state.output = event.output
    state.label = mask_of(event.label)
    state.failure = None
    state.dead = []
    _over(state, at)


def forked(state: State, program: Program, event: RunForked, at: float, seq: int) -> None:
    """What was open in the copy is void: those steps begin anew here; nothing copied is undone."""
    del at, seq
    state.calls.clear()
    state.children.clear()
    state.questions.clear()
    state.timers.clear()
    state.signals.clear()
    state.undo.clear()
    state.dead.clear()
    state.undoing = ""
    state.phase = "going"
    state.failure = None
    state.ended_at = None
    state.generation = 1
    state.undone = 0
    for meter in state.meters.values():
        meter.reserved_usd = meter.reserved_tokens = meter.busy = 0
    state.late.clear()
    state.late_children.clear()
    state.copied_usd, state.copied_tokens = state.usd, state.tokens
    for scope in [one for one in state.scopes.values() if one.suffix == paths.UNDO]:
        tree.close_scope(state, program, scope)
    for run in [run for run in state.steps.values() if _open(run)]:
        if run.path in state.steps:
            _void(state, program, run, event)
    if event.inputs is not None:
        _replace_inputs(state, event)
    if event.path and event.output is not None:
        _replace_output(state, event)


def _open(run: StepRun) -> bool:
    return run.status not in STEP_ENDED or run.waits == "person"  # though it may be undone


def _void(state: State, program: Program, run: StepRun, event: RunForked) -> None:
    """Let an open step run begin anew, unless it holds others or only waits for its next attempt.

    One whose time is up begins anew with all it holds. One that is dead and is given an output here
    has succeeded.
    """
    run.busy = 0
    run.open = 0
    run.held = 0
    tree.forget_grant(run)
    run.judging = None
    if run.fan is not None:
        run.fan.busy = 0
    if run.waits == "retry":
        tree.set_wait(state, run, "retry", run.due)
    elif run.path == event.path and event.output is not None:
        run.output = event.output
        run.label = USER
        run.failure = None
        run.status = StepStatus.RUNNING
        tree.end(state, program, run, StepStatus.SUCCEEDED)
    elif run.turns and not _begins_anew(run):
        run.turns = turns.whole(run.turns)
    elif _begins_anew(run) or not (run.fan or _holds(state, program, run)):
        if run.item < 0:
            state.scopes[run.scope].live -= 1
        tree.prune(state, program, run)
        tree.forget(state, run)


def _begins_anew(run: StepRun) -> bool:
    return run.overdue or run.waits == "person"


def _holds(state: State, program: Program, run: StepRun) -> bool:
    return next(tree.inner_scopes(state, program, run), None) is not None


def _replace_inputs(state: State, event: RunForked) -> None:
    old = state.request
    state.request = RunQueued(
        workflow=old.workflow,
        version=old.version,
        inputs=event.inputs or NOTHING,
        origin=old.origin,
        model=old.model,
        budget=old.budget,
        key="",
        priority=old.priority,
        workspace=old.workspace,
        guards=old.guards,
        breaker=old.breaker,
        labels=event.labels,
        label=old.label,
    )


def _replace_output(state: State, event: RunForked) -> None:
    run = state.steps.get(event.path)
    if run is not None and event.output is not None:
        run.output = event.output
        run.label = USER
        return
    outer, _, index = event.path.removesuffix("]").rpartition("[")
    fan = state.steps[outer].fan if outer in state.steps else None
    result = fan.results[int(index)] if fan is not None else None
    if result is not None and event.output is not None:
        result.output = event.output
        result.label = USER | state.steps[outer].ground
