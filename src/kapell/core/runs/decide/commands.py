"""What people and other runs ask of a run."""

from collections.abc import Callable, Iterator
from functools import partial

from kapell.core.events.budget import BudgetSettled
from kapell.core.events.run import RunAssigned, RunCancelling, RunMerged, RunRepaired, RunStarted
from kapell.core.events.signal import ChildEnded, ChildSettled
from kapell.core.events.step import StepDead, StepRetryScheduled
from kapell.core.events.value import Packed
from kapell.core.runs import paths
from kapell.core.runs.commands import (
    Answer,
    Cancel,
    ChildOutcome,
    Delegate,
    LateAnswer,
    Merge,
    Repair,
    Resume,
    Retry,
    Signal,
)
from kapell.core.runs.decide import kick
from kapell.core.runs.decide.steps import money, waits
from kapell.core.runs.decide.steps.approvals import answers
from kapell.core.runs.decide.steps.begin import passage
from kapell.core.runs.decide.steps.results import finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.inputs import Poisoned, Told
from kapell.core.runs.state import State, StepRun
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import Failure, Invalid, Kind
from kapell.kit.ids import RunId

_REVIVING = (Repair, Retry, Merge, LateAnswer, ChildOutcome)
"""What an ended run still listens to: what opens it again, and corrections of its costs."""


def told(t: Thinking, event: Told) -> None:
    """Take a command; one that no longer fits, or cannot be stored, changes nothing."""
    try:
        _take(t, event)
    except Invalid as error:
        if error.code != "value_not_json":
            raise


def _take(t: Thinking, event: Told) -> None:
    command = event.command
    if t.state.status in TERMINAL and not isinstance(command, _REVIVING):
        return
    if isinstance(command, Cancel):
        _cancel(t, command)
    elif isinstance(command, Answer | Delegate):
        answers.told(t, command, event.actor, event.at)
    elif isinstance(command, Signal):
        waits.signal(t, command)
    elif isinstance(command, Repair):
        _repair(t, command)
    elif isinstance(command, Retry):
        _retry(t, command)
    elif isinstance(command, ChildOutcome):
        _child(t, command)
    elif isinstance(command, LateAnswer):
        if command.call in t.state.late:
            usage = command.usage
            t.emit(BudgetSettled(command.call, command.cost, usage.total, usage))
    elif isinstance(command, Merge):
        _merge(t, command)
    elif isinstance(command, Resume):
        kick.everything(t)


def _cancel(t: Thinking, command: Cancel) -> None:
    if t.state.phase in {"cancelling", "undoing"}:
        return
    t.emit(RunCancelling(command.reason, command.whence))


def repairable(t: Thinking, path: str) -> StepRun | None:
    """Return the step run at ``path`` that waits for a person, if it may still be repaired.

    Once undoing has begun, only what undoes may.
    """
    state = t.state
    run = state.steps.get(path)
    if run is None or run.waits != "person":
        return None
    if state.phase == "undoing":
        return run if t.in_undo(state.scopes[run.scope]) else None
    return run if _revivable(state) else None


def _revivable(state: State) -> bool:
    """Tell whether a run, or what is dead in it, may go on: nothing is undone, nobody ended it."""
    over = state.status in {RunStatus.SUCCEEDED, RunStatus.CANCELLED}
    return not (over or state.undone or state.phase in {"cancelling", "undoing"})


def _generation(t: Thinking) -> int:
    return t.state.generation + (1 if t.state.status in TERMINAL else 0)


_GOING_ON = frozenset({"going", "undoing"})
"""Phases in which a repair concerns one step run, and nothing else has stood still."""


def _repair(t: Thinking, command: Repair) -> None:
    run = repairable(t, command.path)
    if run is None or t.program.people_answer(t.place(run)):
        return
    again = t.state.phase not in _GOING_ON
    output = t.pack(command.output)
    t.emit(RunRepaired(run.path, output, _generation(t), command.note, whence=command.whence))
    if again:
        t.do(partial(kick.everything, t, reopened=True))
    finish(t, run, lambda: output)


def _again(t: Thinking, path: str, command: Retry, given: Packed | None = None) -> RunRepaired:
    return RunRepaired(path, None, _generation(t), command.note, given, command.whence)


def _retry(t: Thinking, command: Retry) -> None:
    chosen = [command.path] if command.path else list(t.state.dead)
    again = t.state.phase not in _GOING_ON
    actions: list[Callable[[], None]] = []
    for path in chosen:
        run = repairable(t, path)
        if run is not None and any(one.path in chosen for one in _holders(t, run)):
            continue  # what holds it begins anew
        if run is not None:
            given = t.pack(command.given) if command.given is not None and command.path else None
            t.emit(_again(t, path, command, given))
            actions.append(_attempt(t, run))
        elif path == paths.ROOT and path in t.state.dead and _revivable(t.state):
            t.emit(_again(t, path, command))
            actions.append(partial(kick.everything, t))
    if actions and again:
        actions.append(partial(kick.everything, t, reopened=True))
    for action in reversed(actions):
        t.do(action)


def _attempt(t: Thinking, run: StepRun) -> Callable[[], None]:
    """Schedule the next attempt for now, and return how it begins, unless it has to wait."""
    if run.failure is not None:
        t.emit(StepRetryScheduled(run.path, run.attempt + 1, t.ctx.now, run.failure))
        t.waitlists.arm(run.path, t.ctx.now)
    return partial(passage, t, run, t.place(run), run.attempt)


def _holders(t: Thinking, run: StepRun) -> Iterator[StepRun]:
    return (around for around in tree.chain(t.state, run) if around is not run)


def _child(t: Thinking, command: ChildOutcome) -> None:
    given_up = t.state.late_children.get(command.run_id)
    if given_up is not None:
        spent = (command.usd, command.tokens)
        t.emit(ChildSettled(command.path, command.run_id, *spent, owing=command.owing))
        if t.state.status not in TERMINAL:
            money.look(t, given_up.holders)
        return
    child = t.state.children.get(command.path)
    if child is None or child.run_id != command.run_id or t.state.status in TERMINAL:
        return
    output = t.pack(command.output)
    failure = None if command.status == "succeeded" else _why(command, child.path)
    ended = ChildEnded(
        child.path,
        command.run_id,
        command.status,
        output,
        failure if child.ask else command.failure,
        command.usd,
        command.tokens,
        child.call,
        command.owing,
        command.label,
        command.calls,
        command.runs,
    )
    t.emit(ended)
    run = t.state.steps[child.path]
    if child.ask:
        t.later("call", run.path)
    elif failure is None:
        finish(t, run, lambda: output)
    else:
        t.later("broke", run.path, failure)
    money.child_ended(t, run)
    t.freed(run)


def _why(command: ChildOutcome, path: str) -> Failure:
    return command.failure or Failure(
        "child_cancelled",
        f"The child run {command.run_id} was cancelled.",
        Kind.CONFLICT,
        advice="Start it again, or handle it with 'on_error'.",
        step=path,
    )


def _merge(t: Thinking, command: Merge) -> None:
    if t.state.status in {RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.ASSIGNED}:
        return
    output = t.pack(command.output)
    t.emit(RunMerged(RunId(command.run_id), output, _generation(t), command.label, command.whence))


def poisoned(t: Thinking, event: Poisoned) -> None:
    """Advancing the run killed its workers: it waits for a person."""
    state = t.state
    if state.status in TERMINAL:
        return
    if state.status in {RunStatus.QUEUED, RunStatus.ASSIGNED}:
        t.emit(RunAssigned(t.ctx.worker, t.ctx.epoch))
        t.emit(RunStarted())
    for call in list(state.calls.values()):
        money.lost(t, call)
    t.emit(StepDead(paths.ROOT, "poison", event.failure, event.takeovers))
