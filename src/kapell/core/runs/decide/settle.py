"""The end of a decision: a failing run ends when nothing is in flight, an idle one waits."""

from collections.abc import Container
from functools import partial

from kapell.core.events.compensation import CompensationStarted
from kapell.core.events.run import RunCancelled, RunFailed, RunWaiting
from kapell.core.guardrails.labels import label_of
from kapell.core.runs import paths
from kapell.core.runs.decide.clock import next_due
from kapell.core.runs.decide.scopes import next_always
from kapell.core.runs.decide.steps import failing
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.status import RunStatus, StepStatus
from kapell.kit.errors import Bug


def settle(t: Thinking) -> bool:
    """See what the run's phase asks for now; True when there is something to think through."""
    state = t.state
    if state.phase in {"failing", "cancelling"} and not state.calls and not state.children:
        if state.phase == "failing":
            holding = _holding(t)
            always = _always(t, holding)
            if always and not t.ctx.draining:
                t.later("begin", always)
                return True
            if always or holding:
                return False
        t.later("undo", "")
        for path in reversed(failing.unsure(t)):
            t.do(partial(failing.cut_short, t, path))
        return True
    return False


def _always(t: Thinking, holding: Container[str]) -> str:
    """Return the next ``join: always`` step of a scope that is open still, innermost first."""
    for scope in reversed(t.state.scopes.values()):
        found = next_always(t, scope, holding)
        if found:
            return found
    return ""


def _holding(t: Thinking) -> set[str]:
    """Return the paths of ``join: always`` steps that wait for something, and what holds them."""
    found: set[str] = set()
    for run in t.state.steps.values():
        waits = bool(run.waits or run.held) and run.status is not StepStatus.DEAD
        if waits and tree.goes_on(t.state, t.program, run):
            found.update(around.path for around in tree.chain(t.state, run))
    return found


def undo(t: Thinking) -> None:
    """Undo the newest finished step, or end the run when nothing is left to undo.

    Who cancels a run wants it undone, whatever the workflow says of failures.
    """
    state = t.state
    if state.undoing:
        return
    cancelled = state.failure is None
    if state.undo and (cancelled or t.program.version.on_failure == "compensate"):
        entry = state.undo[-1]
        t.emit(CompensationStarted(entry.path))
        t.later("consider", entry.path + paths.UNDO)
        return
    if state.failure is None:
        t.emit(RunCancelled(state.reason))
    else:
        root = tree.label_of_scope(state, t.program, state.scopes[paths.ROOT])
        t.emit(RunFailed(state.failure, bool(state.undone), label_of(root)))


def rest(t: Thinking) -> None:
    """Record that the run waits, when nothing is in flight."""
    state = t.state
    if state.status is not RunStatus.RUNNING or state.calls or t.ctx.draining:
        return
    counts = {"approval": 0, "signal": 0, "time": 0, "retry": 0, "person": 0}
    for run in state.steps.values():
        if run.waits in counts:
            counts[run.waits] += 1
        counts["approval"] += run.held
    timers = counts["time"] + counts["retry"]
    dead = len(state.dead)
    children = len(state.children)
    if not (timers or dead or children or counts["approval"] or counts["signal"]):
        raise Bug(
            "The run has nothing to do and nothing to wait for.",
            code="run_stuck",
            advice="Export the run and report it.",
        )
    t.emit(
        RunWaiting(
            approvals=counts["approval"],
            signals=counts["signal"],
            timers=timers,
            children=children,
            dead=dead,
            until=next_due(state, t.waitlists),
        )
    )
