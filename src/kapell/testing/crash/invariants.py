"""Which rules of the run machine a run's log breaks."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kapell.core.events.compensation import (
    CompensationFailed,
    CompensationStarted,
    CompensationSucceeded,
)
from kapell.core.events.envelope import Event
from kapell.core.events.model import ModelAbandoned, ModelAnswered, ModelFailed, ModelRequested
from kapell.core.events.run import (
    RunCancelled,
    RunFailed,
    RunMerged,
    RunRepaired,
    RunSucceeded,
)
from kapell.core.events.tool import ToolFailed, ToolRequested, ToolReturned
from kapell.core.runs.fold import fold
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL, RunStatus

_TERMINAL = (RunSucceeded, RunFailed, RunCancelled)
_UNDO = (CompensationStarted, CompensationSucceeded, CompensationFailed)
_AFTER_THE_END = {"budget.settled", "child.settled", "signal.received", "run.assigned"}
_ENDS = (ModelAnswered, ModelFailed, ModelAbandoned, ToolReturned, ToolFailed)


def broken_rules(program: Program, events: Sequence[Event]) -> list[str]:
    """Return what is wrong with a run's log, one sentence each; nothing is the rule."""
    return [
        *_order(events),
        *_results(events),
        *_repeated(events),
        *_money(program, events),
        *_waiting(program, events),
    ]


def _order(events: Sequence[Event]) -> Iterator[str]:
    """Invariant 1: dense, unique, and nothing after the end but what opens the run again."""
    ended = False
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        yield "sequence numbers are not dense"
    if len({event.id for event in events}) != len(events):
        yield "an event's id stands twice"
    for event in events:
        if isinstance(event.payload, RunRepaired | RunMerged):
            ended = isinstance(event.payload, RunMerged)
        elif ended and event.type not in _AFTER_THE_END:
            if not isinstance(event.payload, _UNDO):
                yield f"{event.type} follows the end"
        elif isinstance(event.payload, _TERMINAL):
            ended = True


def _results(events: Sequence[Event]) -> Iterator[str]:
    """Invariant 2: a call is requested once and ends at most once, after its request."""
    open_calls: set[str] = set()
    known: set[str] = set()
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelRequested | ToolRequested):
            if payload.call in known:
                yield f"{payload.call} was requested twice"
            known.add(payload.call)
            open_calls.add(payload.call)
        elif isinstance(payload, _ENDS):
            if payload.call not in open_calls:
                yield f"{payload.call} ended twice, or never began"
            open_calls.discard(payload.call)


def _repeated(events: Sequence[Event]) -> Iterator[str]:
    """Nothing recorded is asked for again."""
    keys: dict[str, str] = {}
    answered: set[str] = set()
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelRequested | ToolRequested):
            keys[payload.call] = payload.key
            if payload.key in answered:
                yield f"{payload.key} was asked for again after it was answered"
        elif isinstance(payload, ModelAnswered | ToolReturned):
            answered.add(keys[payload.call])


def _money(program: Program, events: Sequence[Event]) -> Iterator[str]:
    """Invariant 4: reserved and used stay below the limit; at the end nothing is reserved."""
    state: State | None = None
    for event in events:
        state = fold(program, (event,), state)
        for path, meter in state.meters.items():
            total = meter.usd + meter.reserved_usd
            if meter.limit_usd is not None and total > meter.limit_usd:
                yield f"the budget of {path or 'the run'} is overdrawn at {event.seq}"
    if state is not None and state.status in TERMINAL:
        left = sum(meter.reserved_usd + meter.reserved_tokens for meter in state.meters.values())
        if left:
            yield "something is reserved after the end"
        if state.usd != state.meters[""].usd:
            yield "the run's sum is not its meter's"


def _waiting(program: Program, events: Sequence[Event]) -> Iterator[str]:
    """Invariant 7: a run that nobody owns has ended or waits for something named."""
    state = fold(program, events)
    if state.status in TERMINAL:
        return
    if state.status is not RunStatus.WAITING:
        yield f"the run is {state.status} and nobody owns it"
    elif not (state.children or any(run.waits for run in state.steps.values()) or state.dead):
        yield "the run waits for nothing"


def requests(events: Sequence[Event]) -> Counter[str]:
    """Return how often each idempotency key of a model was asked for, as the log tells."""
    return Counter(e.payload.key for e in events if isinstance(e.payload, ModelRequested))
