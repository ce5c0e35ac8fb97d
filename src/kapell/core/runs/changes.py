"""Which rows must change with a decision's events: derived, never decided."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from kapell.core.approvals.question import plain_rule
from kapell.core.events.budget import BudgetReserved, BudgetSettled
from kapell.core.events.envelope import Payload
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalEvent,
    ApprovalExpired,
    ApprovalRequested,
)
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelHeld,
    ModelRequested,
)
from kapell.core.events.run import (
    RunCancelled,
    RunFailed,
    RunMerged,
    RunRepaired,
    RunSucceeded,
)
from kapell.core.events.step import StepDead, StepFailed, StepRetryScheduled, StepSkipped
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested, ToolReturned
from kapell.core.events.value import ArtifactRef, Packed
from kapell.core.gateway.calls import Usage
from kapell.core.pricing.forecast import Forecast
from kapell.core.runs import paths
from kapell.core.runs.rows import (
    ApprovalChanged,
    ApprovalClosed,
    ApprovalOpened,
    ApprovalsVoid,
    DeadLetterClosed,
    DeadLetterOpened,
    Details,
    LedgerReserved,
    LedgerSettled,
    RowChange,
    RunRow,
    Standing,
)
from kapell.core.runs.state import Question, State
from kapell.core.runs.status import RunStatus
from kapell.kit.json import encode


def row_of(state: State, wake_at: float | None) -> RunRow:
    """Return the run's row as the state has it."""
    return RunRow(
        status=state.status,
        generation=state.generation,
        wake_at=wake_at,
        ended_at=state.ended_at,
        usd=state.usd - state.copied_usd,
        tokens=state.tokens - state.copied_tokens,
        error_code=state.failure.code if state.failure and state.status is RunStatus.FAILED else "",
    )


def changes_of(state: State, events: Sequence[Payload], at: float, actor: str) -> list[RowChange]:
    """Return the row changes that follow from events, in their order."""
    changes: list[RowChange] = []
    requests: dict[str, ModelRequested | ToolRequested] = {}
    spent: dict[str, BudgetSettled] = {}
    for event in events:
        if type(event) not in _MATTERS:
            continue
        if isinstance(event, ModelRequested | ToolRequested):
            requests[event.call] = event
        elif isinstance(event, BudgetReserved):
            changes.append(_reserved(requests[event.call], event, at))
        elif isinstance(event, BudgetSettled):
            spent[event.call] = event
        elif isinstance(event, ModelAnswered | ModelFailed | ModelAbandoned | ModelHeld):
            settled = spent.pop(event.call, None)
            changes.append(_settled(event, settled.usd if settled is not None else 0, at))
        elif isinstance(event, ToolReturned | ToolFailed | ToolHeld):
            settled = spent.pop(event.call, None)
            if settled is not None:
                changes.append(_settled(event, settled.usd, at))
        else:
            changes.extend(_people(state, event, at, actor))
    changes.extend(_late(settled, at) for settled in spent.values())
    return changes


def _late(event: BudgetSettled, at: float) -> LedgerSettled:
    """Return what a late answer makes of the ledger's row of a call that was given up."""
    usage = event.usage or Usage()
    return LedgerSettled(
        call=event.call,
        usd=event.usd,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        state="settled",
        at=at,
    )


_MATTERS = frozenset(
    {
        *get_args(ApprovalEvent),
        BudgetReserved,
        BudgetSettled,
        ModelAbandoned,
        ModelAnswered,
        ModelFailed,
        ModelHeld,
        ModelRequested,
        RunCancelled,
        RunFailed,
        RunMerged,
        RunRepaired,
        RunSucceeded,
        StepDead,
        StepFailed,
        StepRetryScheduled,
        StepSkipped,
        ToolFailed,
        ToolHeld,
        ToolRequested,
        ToolReturned,
    }
)
"""Events that change a row; most do not, and this runs for every event."""


def _reserved(
    request: ModelRequested | ToolRequested, event: BudgetReserved, at: float
) -> LedgerReserved:
    asked = request if isinstance(request, ModelRequested) else None
    return LedgerReserved(
        call=event.call,
        path=request.path,
        step=paths.step_of(request.path),
        agent=request.agent if isinstance(request, ModelRequested) else "",
        model=request.model if isinstance(request, ModelRequested) else f"tool:{request.tool}",
        usd=event.usd,
        tokens=event.tokens,
        at=at,
        size=asked.size if asked else 0,
        forecast=(asked.forecast if asked else None) or Forecast(),
    )


def _settled(
    event: ModelAnswered
    | ModelFailed
    | ModelAbandoned
    | ModelHeld
    | ToolReturned
    | ToolFailed
    | ToolHeld,
    usd: int,
    at: float,
) -> LedgerSettled:
    usage = event.usage if isinstance(event, ModelAnswered) else Usage()
    if isinstance(event, ModelAnswered | ToolReturned):
        return LedgerSettled(
            call=event.call,
            usd=usd,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            state="settled",
            at=at,
            by=event.by if isinstance(event, ModelAnswered) else "",
        )
    return LedgerSettled(
        call=event.call,
        usd=usd,
        input_tokens=0,
        output_tokens=0,
        state="abandoned" if isinstance(event, ModelAbandoned) else "failed",
        at=at,
    )


def _people(state: State, event: Payload, at: float, actor: str) -> Iterator[RowChange]:
    """Yield what changes on the lists of approvals and dead letters."""
    if isinstance(event, _QUESTIONS):
        yield from _asked(state, event, at)
    elif isinstance(event, StepSkipped | StepFailed | StepRetryScheduled | StepDead | RunRepaired):
        if _needs_no_answer(event):
            yield ApprovalsVoid(step=event.path, by=actor, at=at)
        yield from _letters(event, at)
    elif isinstance(event, RunFailed | RunCancelled | RunSucceeded | RunMerged):
        for question in state.questions.values():
            yield ApprovalClosed(path=question.key, answer="void", by=actor, at=at)
        if isinstance(event, RunMerged):
            yield DeadLetterClosed(path=paths.ROOT, at=at)
        elif not isinstance(event, RunFailed) or event.compensated:
            yield from _past_mending(state, at)


_Step = StepSkipped | StepFailed | StepRetryScheduled | StepDead | RunRepaired


def _needs_no_answer(event: _Step) -> bool:
    """Tell whether what people are asked about a step run is void: it ended or begins anew."""
    if isinstance(event, StepSkipped):
        return event.reason == "stopped"
    if isinstance(event, StepDead):
        return event.stage != "unknown_outcome"
    return not isinstance(event, RunRepaired) or event.output is not None


def _letters(event: _Step, at: float) -> Iterator[RowChange]:
    """Yield what changes on the list of dead letters."""
    if isinstance(event, StepDead):
        yield DeadLetterOpened(
            path=event.path,
            stage=event.stage,
            failure=event.failure,
            attempts=event.attempts,
            at=at,
        )
    elif isinstance(event, RunRepaired) or (
        isinstance(event, StepSkipped) and event.reason == "stopped"
    ):
        yield DeadLetterClosed(path=event.path, at=at)


_QUESTIONS = get_args(ApprovalEvent)


def _asked(state: State, event: ApprovalEvent, at: float) -> Iterator[RowChange]:
    """Yield what changes on the list of approvals."""
    key = event.call or event.path
    if isinstance(event, ApprovalRequested):
        yield _opened(event, at)
    elif isinstance(event, ApprovalAnswered) and not event.left:
        answer: Literal["approved", "rejected"] = "approved" if event.approved else "rejected"
        yield ApprovalClosed(path=key, answer=answer, by=event.by, at=at)
    elif isinstance(event, ApprovalExpired):
        yield ApprovalClosed(path=key, answer="expired", by="", at=at)
    elif (question := state.questions.get(key)) is not None:
        yield ApprovalChanged(path=key, data=_text(question.data), standing=_standing(question))


def _opened(event: ApprovalRequested, at: float) -> ApprovalOpened:
    return ApprovalOpened(
        path=event.call or event.path,
        step=event.path,
        title=event.title,
        data=_text(event.data),
        edit=event.edit,
        expires=event.expires,
        at=at,
        details=Details(
            call=event.call,
            tool=event.tool,
            rule=plain_rule(event.rule),
            why=event.why,
            risk=event.risk,
            cost=event.cost,
            labels=event.labels,
            need=event.need,
            on_expiry=event.on_expiry,
        ),
        standing=Standing(digest=event.digest, approvers=event.approvers),
    )


def _standing(question: Question) -> Standing:
    return Standing(
        digest=question.digest,
        approvers=question.approvers,
        agreed=question.agreed,
        passed=question.passed,
        reminded=question.reminded,
        escalated=bool(question.request.escalate_to) and question.escalate_at is None,
        changes=question.changes,
    )


def _past_mending(state: State, at: float) -> Iterator[RowChange]:
    """Yield the dead letters that nobody can mend any more, as the run has ended for good.

    What could not be undone still needs a person, who puts it right outside.
    """
    own = [path for path in state.dead if _awaited(state, path)]
    whole = len(own) == len(state.dead)
    for path in own:
        if path != paths.ROOT or whole:
            yield DeadLetterClosed(path=path, at=at)


def _awaited(state: State, path: str) -> bool:
    run = state.steps.get(path)
    return run is None or run.waits == "person"


def _text(packed: Packed) -> str:
    if isinstance(packed, ArtifactRef):
        return encode({"$ref": "artifact", "digest": packed.digest}).decode()
    return encode(packed.value).decode()
