"""Which rows must change with a decision's events: derived, never decided."""

from collections.abc import Iterator, Sequence

from kapell.core.events.approval import ApprovalAnswered, ApprovalExpired, ApprovalRequested
from kapell.core.events.budget import BudgetReserved, BudgetSettled
from kapell.core.events.envelope import Payload
from kapell.core.events.model import ModelAbandoned, ModelAnswered, ModelFailed, ModelRequested
from kapell.core.events.run import (
    RunCancelled,
    RunFailed,
    RunMerged,
    RunRepaired,
    RunSucceeded,
)
from kapell.core.events.step import StepDead, StepSkipped
from kapell.core.events.tool import ToolFailed, ToolRequested, ToolReturned
from kapell.core.events.value import ArtifactRef, Packed
from kapell.core.gateway.calls import Usage
from kapell.core.pricing.forecast import Forecast
from kapell.core.runs import paths
from kapell.core.runs.rows import (
    ApprovalClosed,
    ApprovalOpened,
    DeadLetterClosed,
    DeadLetterOpened,
    LedgerReserved,
    LedgerSettled,
    RowChange,
    RunRow,
)
from kapell.core.runs.state import State
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
        elif isinstance(event, ModelAnswered | ModelFailed | ModelAbandoned):
            settled = spent.pop(event.call, None)
            changes.append(_settled(event, settled.usd if settled is not None else 0, at))
        elif isinstance(event, ToolReturned | ToolFailed):
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
        ApprovalAnswered,
        ApprovalExpired,
        ApprovalRequested,
        BudgetReserved,
        BudgetSettled,
        ModelAbandoned,
        ModelAnswered,
        ModelFailed,
        ModelRequested,
        RunCancelled,
        RunFailed,
        RunMerged,
        RunRepaired,
        RunSucceeded,
        StepDead,
        StepSkipped,
        ToolFailed,
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
    event: ModelAnswered | ModelFailed | ModelAbandoned | ToolReturned | ToolFailed,
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
    if isinstance(event, ApprovalRequested):
        yield ApprovalOpened(
            path=event.path,
            title=event.title,
            data=_text(event.data),
            edit=event.edit,
            expires=event.expires,
            at=at,
        )
    elif isinstance(event, ApprovalAnswered):
        yield ApprovalClosed(
            path=event.path,
            answer="approved" if event.approved else "rejected",
            by=event.by,
            at=at,
        )
    elif isinstance(event, ApprovalExpired):
        yield ApprovalClosed(path=event.path, answer="expired", by="", at=at)
    elif isinstance(event, StepSkipped) and event.reason == "stopped":
        yield ApprovalClosed(path=event.path, answer="void", by=actor, at=at)
        yield DeadLetterClosed(path=event.path, at=at)
    elif isinstance(event, StepDead):
        yield DeadLetterOpened(
            path=event.path,
            stage=event.stage,
            failure=event.failure,
            attempts=event.attempts,
            at=at,
        )
    elif isinstance(event, RunRepaired):
        yield DeadLetterClosed(path=event.path, at=at)
    elif isinstance(event, RunFailed | RunCancelled | RunSucceeded | RunMerged):
        for run in state.steps.values():
            if run.waits == "approval":
                yield ApprovalClosed(path=run.path, answer="void", by=actor, at=at)
        if isinstance(event, RunMerged):
            yield DeadLetterClosed(path=paths.ROOT, at=at)
        elif not isinstance(event, RunFailed) or event.compensated:
            yield from _past_mending(state, at)


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
