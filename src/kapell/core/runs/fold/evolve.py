"""The fold: ``evolve`` applies one event, ``fold`` a whole log."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, cast

import msgspec

from kapell.core.events import budget, compensation, model, run, signal, step, tool
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.guarding import approval, guard
from kapell.core.runs.fold import breaking, calls, questions, runs, steps
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import after
from kapell.kit.errors import Bug

Change = Callable[[State, Program, Payload, float, int], None]

_CHANGES = cast(
    "Mapping[type[msgspec.Struct], Change]",
    {
        run.RunQueued: runs.queued,
        run.RunAssigned: runs.assigned,
        run.RunStarted: runs.started,
        run.RunWaiting: runs.waiting,
        run.RunResumed: runs.resumed,
        run.RunSucceeded: runs.succeeded,
        run.RunFailed: runs.failed,
        run.RunCancelling: runs.cancelling,
        run.RunCancelled: runs.cancelled,
        run.RunForked: runs.forked,
        run.RunRepaired: runs.repaired,
        run.RunMerged: runs.merged,
        step.StepStarted: steps.started,
        step.StepSucceeded: steps.succeeded,
        step.StepFailed: steps.failed,
        step.StepRetryScheduled: steps.retry_scheduled,
        step.StepSkipped: steps.skipped,
        step.StepWaiting: steps.waiting,
        step.StepTimedOut: steps.timed_out,
        step.StepDead: steps.dead,
        compensation.CompensationStarted: steps.undo_started,
        compensation.CompensationSucceeded: steps.undo_succeeded,
        compensation.CompensationFailed: steps.undo_failed,
        model.ModelRequested: calls.requested,
        model.ModelAnswered: calls.answered,
        model.ModelJudged: calls.model_judged,
        model.ModelFailed: calls.model_failed,
        model.ModelAbandoned: calls.abandoned,
        model.ModelHeld: questions.held,
        tool.ToolRequested: calls.requested,
        tool.ToolReturned: calls.returned,
        tool.ToolFailed: calls.tool_failed,
        tool.ToolHeld: questions.held,
        budget.BudgetReserved: calls.reserved,
        budget.BudgetSettled: calls.settled,
        budget.BudgetExceeded: calls.exceeded,
        budget.BudgetWarned: calls.warned,
        budget.BudgetAlerted: calls.judged,
        approval.ApprovalRequested: questions.requested,
        approval.ApprovalAnswered: questions.answered,
        approval.ApprovalExpired: questions.expired,
        approval.ApprovalDelegated: questions.delegated,
        approval.ApprovalReminded: questions.reminded,
        approval.ApprovalEscalated: questions.escalated,
        guard.GuardVerdict: calls.judged,
        guard.PolicyVerdict: calls.judged,
        guard.BreakerTripped: calls.judged,
        signal.SignalReceived: calls.signal_received,
        signal.ChildStarted: calls.child_started,
        signal.ChildEnded: calls.child_ended,
        signal.ChildSettled: calls.child_settled,
    },
)


class _Fold(NamedTuple):
    """What is done about a kind of fact: ``name`` moves the run's status, where it is not empty."""

    name: str
    counted: breaking.Count | None
    change: Change


def _name_of(kind: type[msgspec.Struct]) -> str:
    name = str(kind.__struct_config__.tag)
    return name if name.startswith("run.") else ""


_FOLDS: Mapping[type[msgspec.Struct], _Fold] = {
    kind: _Fold(_name_of(kind), breaking.COUNTED.get(kind), change)
    for kind, change in _CHANGES.items()
}


def begin(first: Event) -> State:
    """Return the state after a run's first event.

    Raises:
        Bug: ``log_broken`` when the log does not begin with ``run.queued``.
    """
    if not isinstance(first.payload, run.RunQueued):
        raise Bug("The log does not begin with run.queued.", code="log_broken")
    return State(
        tenant_id=first.tenant_id,
        run_id=first.run_id,
        request=first.payload,
        correlation_id=first.correlation_id,
        subject=first.payload.subject or first.actor,
        created_at=first.at,
        updated_at=first.at,
        seq=first.seq,
    )


def evolve(program: Program, state: State, payload: Payload, at: float) -> State:
    """Fold one event; ``state`` is consumed, use what is returned.

    Raises:
        Bug: ``illegal_transition`` when the event cannot follow.
    """
    name, count, change = _FOLDS[type(payload)]
    if name:
        state.status = after(state.status, name)
    state.seq += 1
    state.updated_at = at
    if count is not None and state.request.breaker is not None:
        count(state, program, payload)
    change(state, program, payload, at, state.seq)
    return state


def fold(program: Program, events: Iterable[Event], state: State | None = None) -> State:
    """Fold a log, or what follows a snapshot.

    Raises:
        Bug: ``log_broken`` when a sequence number is missing.
    """
    for event in events:
        if state is None:
            state = begin(event)
            continue
        if event.seq != state.seq + 1:
            raise Bug(f"Event {state.seq + 1} is missing.", code="log_broken")
        state = evolve(program, state, event.payload, event.at)
    if state is None:
        raise Bug("The log is empty.", code="log_broken")
    return state
