"""How facts about step runs and compensation change the state."""

from kapell.core.agents import turns
from kapell.core.events.compensation import (
    CompensationFailed,
    CompensationStarted,
    CompensationSucceeded,
)
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
    StepTimedOut,
    StepWaiting,
)
from kapell.core.events.value import NOTHING
from kapell.core.guardrails.labels import Mask, mask_of, masks_of
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Place, Program
from kapell.core.runs.state import Fan, ItemResult, State, StepRun, UndoEntry
from kapell.core.runs.status import STEP_ENDED, StepStatus
from kapell.core.workflows.version import Body


def started(state: State, program: Program, event: StepStarted, at: float, seq: int) -> None:
    """A step run, an item, a further attempt or a further pass begins."""
    del at, seq
    run = state.steps.get(event.path)
    if run is None:
        run = tree.new_run(state, event.path)
        state.steps[event.path] = run
        if run.item < 0:
            state.scopes[run.scope].live += 1
        else:
            _count_item(state, run)
    run.ground |= mask_of(event.ground)
    place = tree.place_of(program, run)
    if event.number <= 1:
        if event.attempt != run.attempt:
            tree.prune(state, program, run)
        tree.clear_wait(state, run)
        run.status = StepStatus.RUNNING
        run.attempt = event.attempt
        run.calls = 0
        run.cache = event.cache
        run.used = 0.0
        run.number = 0
        run.handled = False
        tree.forget_grant(run)
        run.judging = None
        if place.metered:
            _meter(state, program, run, event)
    if event.items is not None:
        results: list[ItemResult | None] = [None] * event.total
        label = mask_of(event.label)
        run.fan = Fan(event.items, event.total, left=event.total, results=results, label=label)
    elif not place.leaf:
        _open(state, program, run, place, event)


def _count_item(state: State, run: StepRun) -> None:
    fan = state.steps[run.outer].fan
    if fan is not None:
        fan.next = max(fan.next, run.item + 1)


def _meter(state: State, program: Program, run: StepRun, event: StepStarted) -> None:
    meter = tree.planned_meter(program, run, passage=event.items is None)
    old = state.meters.get(run.path)
    if old is None:
        if meter is not None:
            state.meters[run.path] = meter
    elif meter is not None and meter.timeout is not None:
        old.timeout = old.used + meter.timeout


def _open(state: State, program: Program, run: StepRun, place: Place, event: StepStarted) -> None:
    base = paths.attempt(run.path, run.attempt)
    label, ground = mask_of(event.label), run.ground
    if paths.PASS in place.inner:
        for scope in list(tree.inner_scopes(state, program, run)):
            tree.close_scope(state, program, scope)
        run.number = event.number
        suffixes = [paths.PASS]
    elif event.choice:
        run.choice = event.choice
        run.label |= label
        ground |= label
        suffixes = [f":{event.choice}"]
    else:
        suffixes = [s for s in place.inner if s in {"", *_branches(place)}]
    for suffix in suffixes:
        tree.open_scope(
            state,
            program,
            base=base,
            suffix=suffix,
            body=place.inner[suffix],
            owner=run.path,
            number=event.number,
            names=event.inputs or NOTHING,
            previous=event.inputs or NOTHING,
            labels=masks_of(event.labels),
            label=label,
            ground=ground,
        )


def _branches(place: Place) -> list[str]:
    return [suffix for suffix in place.inner if suffix.startswith(".")]


def succeeded(state: State, program: Program, event: StepSucceeded, at: float, seq: int) -> None:
    """A step run has its result."""
    del at, seq
    run = state.steps[event.path]
    run.output = event.output
    run.label = mask_of(event.label)
    run.failure = None
    run.unsure = 0
    _undoable(state, run, event)
    if event.taken:
        state.signals = [held for held in state.signals if held.seq != event.taken]
    if event.path in state.dead:
        state.dead.remove(event.path)
    tree.end(state, program, run, StepStatus.SUCCEEDED)


def _undoable(state: State, run: StepRun, event: StepSucceeded | StepFailed | StepDead) -> None:
    """Remember how a step run is undone, if it can be."""
    if event.undo is not None:
        labels: dict[str, Mask] = masks_of(event.undo_labels)
        if run.ground:
            labels[""] = run.ground
        state.undo.append(UndoEntry(run.path, run.body, event.undo, labels))


def failed(state: State, program: Program, event: StepFailed, at: float, seq: int) -> None:
    """A step run failed for good, or is handed to its ``on_error``."""
    del at, seq
    run = state.steps[event.path]
    run.failure = event.failure
    run.label |= mask_of(event.label)
    run.overdue = False
    _undoable(state, run, event)
    place = tree.place_of(program, run)
    if event.handled and run.item < 0 and isinstance(place.step.on_error, Body):
        tree.prune(state, program, run)
        tree.close_questions(state, run)
        run.fan = None
        run.handled = True
        tree.clear_wait(state, run)
        _time_for_handler(state, run)
        tree.open_scope(
            state,
            program,
            base=paths.attempt(run.path, run.attempt),
            suffix=paths.HANDLER,
            body=place.inner[paths.HANDLER],
            owner=run.path,
            ground=run.ground,
        )
        return
    tree.close_questions(state, run)
    if state.phase == "cancelling":
        # It did not end by itself: nothing around it is told, and a fork begins it anew.
        run.status = StepStatus.DEAD
        tree.set_wait(state, run, "person", None)
        return
    if not event.handled:
        if run.item >= 0:
            fan = state.steps[run.outer].fan
            if fan is not None and fan.failed is None:
                fan.failed = event.failure
        elif state.scopes[run.scope].failure is None:
            state.scopes[run.scope].failure = event.failure
    tree.end(state, program, run, StepStatus.FAILED)


def _time_for_handler(state: State, run: StepRun) -> None:
    """Let no time limit the handler of a step run: that of the attempt may be up."""
    meter = state.meters.get(run.path)
    if meter is not None:
        meter.timeout = meter.limit_time = None


def retry_scheduled(
    state: State, program: Program, event: StepRetryScheduled, at: float, seq: int
) -> None:
    """An attempt failed, the next has its time."""
    del at, seq
    run = state.steps[event.path]
    tree.prune(state, program, run)
    tree.close_questions(state, run)
    tree.forget_grant(run)
    run.judging = None
    run.failure = event.failure
    run.status = StepStatus.QUEUED
    run.overdue = False
    run.attempt = event.attempt
    run.turns = turns.kept(run.turns, event.failure)
    run.number = 0
    run.output = NOTHING
    tree.set_wait(state, run, "retry", event.at)


def skipped(state: State, program: Program, event: StepSkipped, at: float, seq: int) -> None:
    """A step is not needed, or is stopped while it waits."""
    del at, seq
    run = state.steps.get(event.path)
    if run is None:
        run = tree.new_run(state, event.path)
        state.steps[event.path] = run
        if run.item < 0:
            state.scopes[run.scope].live += 1
        else:
            _count_item(state, run)
    run.ground |= mask_of(event.label)
    status = StepStatus.SKIPPED
    if event.reason == "stopped":
        _stopped(state, run)
        if event.path in state.dead:  # a call of unknown outcome: it was not skipped
            state.dead.remove(event.path)
            status = StepStatus.FAILED
    tree.end(state, program, run, status)


def _stopped(state: State, run: StepRun) -> None:
    if run.item < 0:
        state.scopes[run.scope].stopped = True
        return
    fan = state.steps[run.outer].fan
    if fan is not None:
        fan.stopped = True


def waiting(state: State, program: Program, event: StepWaiting, at: float, seq: int) -> None:
    """A step run waits for something outside."""
    del at, seq, program
    run = state.steps[event.path]
    run.status = StepStatus.WAITING
    run.signal = event.signal
    tree.set_wait(state, run, event.on, event.until)


def timed_out(state: State, program: Program, event: StepTimedOut, at: float, seq: int) -> None:
    """The attempt's time is used up; what follows says how that ends."""
    del at, seq, program
    run = state.steps[event.path]
    run.used = event.seconds
    run.overdue = True


def dead(state: State, program: Program, event: StepDead, at: float, seq: int) -> None:
    """A person has to look; a failed step stops the run's other work.

    Where only the outcome of a call is unknown, the step run has not ended: it waits.
    """
    del at, seq
    if event.path not in state.dead:
        state.dead.append(event.path)
    if event.stage == "compensation":
        return
    unknown = event.stage == "unknown_outcome"
    run = state.steps.get(event.path)
    if run is not None:
        run.status = StepStatus.WAITING if unknown else StepStatus.DEAD
        run.failure = event.failure
        run.label |= mask_of(event.label)
        run.overdue = False
        if not unknown:
            tree.close_questions(state, run)
        _undoable(state, run, event)
        tree.set_wait(state, run, "person", None)
    if unknown:
        return
    if state.failure is None and state.phase not in {"cancelling", "undoing"}:
        state.failure = event.failure
    if state.phase == "going":
        hold = program.version.on_failure == "hold" or event.stage in {"poison", "breaker"}
        state.phase = "held" if hold else "failing"


def undo_started(
    state: State, program: Program, event: CompensationStarted, at: float, seq: int
) -> None:
    """The newest finished step is being undone."""
    del at, seq
    entry = state.undo.pop()
    state.phase = "undoing"
    state.undoing = entry.path
    plan = program.bodies[entry.body]
    step_id = entry.path.rpartition("/")[2].partition("[")[0]
    tree.open_scope(
        state,
        program,
        base=entry.path,
        suffix=paths.UNDO,
        body=plan.places[step_id].inner[paths.UNDO],
        owner="",
        names=entry.names,
        labels=entry.labels,
        ground=entry.labels.get("", 0),
    )


def undo_succeeded(
    state: State, program: Program, event: CompensationSucceeded, at: float, seq: int
) -> None:
    """The step is undone; one that has gone on since, with its handler, stays what it is."""
    del at, seq
    run = state.steps.get(event.path)
    if run is not None and (run.status in STEP_ENDED or run.waits == "person"):
        run.status = StepStatus.COMPENSATED
    state.undone += 1
    _close_undo(state, program)


def undo_failed(
    state: State, program: Program, event: CompensationFailed, at: float, seq: int
) -> None:
    """The step could not be undone."""
    del at, seq, event
    _close_undo(state, program)


def _close_undo(state: State, program: Program) -> None:
    tree.close_scope(state, program, state.scopes[state.undoing + paths.UNDO])
    state.undoing = ""
