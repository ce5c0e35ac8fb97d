"""Time: waits that are over, calls and parts of the run that took too long."""

import heapq
from collections.abc import Callable
from functools import partial

from kapell.core.events.budget import BudgetExceeded
from kapell.core.events.signal import ChildEnded
from kapell.core.events.step import (
    StepDead,
    StepRetryScheduled,
    StepSkipped,
    StepTimedOut,
)
from kapell.core.events.value import NOTHING
from kapell.core.runs import paths
from kapell.core.runs.decide.steps import failing, money, replies, waits
from kapell.core.runs.decide.steps.approvals import answers
from kapell.core.runs.decide.thinking import Thinking, Waitlists
from kapell.core.runs.fold import tree
from kapell.core.runs.state import Child, Meter, OpenCall, State, StepRun
from kapell.core.runs.status import TERMINAL, StepStatus
from kapell.kit.clock import span_text
from kapell.kit.errors import Failure, Kind


def next_due(state: State, waitlists: Waitlists) -> float | None:
    """Return the earliest instant at which ``TimePassed`` has something to do."""
    if state.status in TERMINAL:
        return None
    heap = waitlists.due
    while heap and state.timers.get(heap[0][1]) != heap[0][0]:
        heapq.heappop(heap)
    found = [heap[0][0]] if heap else []
    found += [call.deadline for call in state.calls.values() if call.deadline is not None]
    found += [ends for path in state.meters if (ends := _ends(state, path)) is not None]
    return min(found, default=None)


def _ends(state: State, path: str) -> float | None:
    """Return when the time of a part is up; that of the run ends its work once, and undoes none.

    What always runs and what undoes steps would else be stopped at once.
    """
    if path == paths.ROOT and (state.phase == "undoing" or path in state.dead):
        return None
    return state.meters[path].ends()


def time_passed(t: Thinking) -> None:
    """Deal with everything that is due."""
    state = t.state
    if state.status in TERMINAL:
        return
    overdue = _first_overdue(t)
    if overdue is not None:
        t.do(partial(time_passed, t))  # once all that comes of the first is thought through
        overdue()
        return
    heap = t.waitlists.due
    due = []
    while heap and heap[0][0] <= t.ctx.now:
        at, path = heapq.heappop(heap)
        if state.timers.get(path) == at:
            due.append(path)
    # A run that was loaded has its timers in the heap twice; what comes of the first is thought
    # through first.
    for path in reversed(dict.fromkeys(due)):
        if path.startswith("?"):
            t.do(partial(answers.time_is_up, t, path))
            continue
        run = state.steps.get(path)
        if run is not None and run.due is not None:
            waits.time_is_up(t, run)


def _first_overdue(t: Thinking) -> Callable[[], None] | None:
    """Return what deals with the first part or call that takes too long, None without one."""
    state, now = t.state, t.ctx.now
    for path, meter in state.meters.items():
        ends = _ends(state, path)
        if ends is not None and ends <= now:
            return partial(_part_timed_out, t, path, meter)
    for call in state.calls.values():
        if call.deadline is not None and call.deadline <= now:
            return partial(_call_timed_out, t, call)
    return None


def _call_timed_out(t: Thinking, call: OpenCall) -> None:
    run = t.state.steps[call.path]
    seconds = run.used + t.ctx.now - run.since
    failure = timed_out(call.path, seconds)
    beside = [one for one in t.state.calls.values() if one.path == call.path]
    for one in beside:
        failure = replies.once(one, failure, unknown=True)
        replies.end_call(t, one, failure, unknown=True)
    t.emit(StepTimedOut(run.path, run.attempt, seconds))
    t.later("broke", run.path, failure, unknown=call.kind == "tool")
    t.freed(run)
    for one in beside:
        money.after(t, one)


def timed_out(path: str, seconds: float) -> Failure:
    """Return the failure of something that took too long."""
    return Failure(
        "step_timed_out",
        f"It took longer than its timeout ({span_text(seconds)}).",
        Kind.UNAVAILABLE,
        retryable=True,
        advice="Raise 'timeout', or make the work smaller.",
        step=path,
    )


def _part_timed_out(t: Thinking, path: str, meter: Meter) -> None:
    """A step with steps inside, or the whole run, used up its time of work."""
    state, now = t.state, t.ctx.now
    used = meter.used + (now - meter.since if meter.busy else 0.0)
    by_budget = meter.limit_time is not None and used >= meter.limit_time
    failure = timed_out(path, used)
    if by_budget and meter.limit_time is not None:
        t.emit(BudgetExceeded(path, "time", meter.limit_time, used))
        failure = money.exceeded(path, "time", meter.limit_time, used, path)
    calls = [call for call in state.calls.values() if path in call.holders]
    for call in calls:
        failure = replies.once(call, failure, unknown=True)
        replies.end_call(t, call, failure, unknown=True)
        t.freed(state.steps[call.path])
        money.after(t, call)
    for child in list(state.children.values()):
        holder = state.steps[child.path]
        if path == paths.ROOT or any(one.path == path for one in tree.chain(state, holder)):
            _given_up(t, child, holder, failure)
            if path == paths.ROOT and state.phase != "cancelling":
                # whoever gives the run more time lets it begin anew
                t.emit(StepRetryScheduled(holder.path, holder.attempt + 1, now, failure))
                t.waitlists.arm(holder.path, now)
    if path == paths.ROOT:
        if state.phase != "cancelling":
            t.emit(StepDead(path, "step", failure, 1))
        return
    run = state.steps[path]
    t.emit(StepTimedOut(path, run.attempt, used))
    _stop_waiting_inside(t, run)
    t.later("broke", path, failure, unknown=True)
    for call in reversed(calls):  # the first is thought through first
        if call.path != path:
            t.do(partial(_cut_short, t, call.path))


def _given_up(t: Thinking, child: Child, holder: StepRun, failure: Failure) -> None:
    """Wait for a child run no longer; what it may still have spent counts as spent."""
    t.emit(
        ChildEnded(
            child.path,
            child.run_id,
            "cancelled",
            NOTHING,
            failure,
            child.usd or 0,
            child.tokens or 0,
            child.call,
        )
    )
    t.freed(holder)
    money.child_ended(t, holder)


def _cut_short(t: Thinking, path: str) -> None:
    """Have a call undone that may have taken effect; nobody is asked about it: its part is over."""
    failing.cut_short(t, path)
    if path in t.state.dead:
        t.emit(StepSkipped(path, "stopped"))


def _stop_waiting_inside(t: Thinking, run: StepRun) -> None:
    """Take what waits inside off the lists of what people are asked."""
    state = t.state
    for inner in list(state.steps.values()):
        waits = (
            bool(inner.waits or inner.held)
            and inner.status is not StepStatus.DEAD
            and inner is not run
        )
        if waits and any(around is run for around in tree.chain(state, inner)):
            t.emit(StepSkipped(inner.path, "stopped"))
