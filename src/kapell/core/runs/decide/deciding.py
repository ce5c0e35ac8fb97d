"""``decide``: the door to this package."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import assert_never

import msgspec

from kapell.core.events.envelope import Payload
from kapell.core.events.run import RunAssigned, RunStarted
from kapell.core.events.step import StepDead
from kapell.core.expressions import DEFAULT, ExpressionTooExpensive
from kapell.core.runs import paths
from kapell.core.runs.context import Context, Kept, NeedsValues
from kapell.core.runs.decide import clock, commands, kick, scopes, settle
from kapell.core.runs.decide.steps import begin, calls, failing, fans, money, replies
from kapell.core.runs.decide.steps.approvals import holding
from kapell.core.runs.decide.steps.judges import judging
from kapell.core.runs.decide.steps.results import frozen_names
from kapell.core.runs.decide.thinking import ChildStart, Kind, Task, Thinking, Waitlists
from kapell.core.runs.inputs import (
    CallBroke,
    CallHeld,
    Claimed,
    Input,
    ModelReplied,
    Poisoned,
    TimePassed,
    Told,
    ToolReplied,
)
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import Failure
from kapell.kit.errors import Kind as FailureKind
from kapell.kit.json import Digest


class Carried(msgspec.Struct):
    """A run in the hands of its owner: its state and what waits in it.

    ``thinking`` and ``inputs`` hold a decision that was interrupted for want of values.
    """

    program: Program
    state: State
    waitlists: Waitlists
    thinking: Thinking | None = None
    inputs: list[Input] = []


class Decision(msgspec.Struct, frozen=True):
    """What was decided.

    With ``needs`` or ``keys`` (values to fetch) or ``hard`` (repeat with full
    limits, off the event loop) nothing is final yet: call ``decide`` again with no new inputs.
    ``at`` is the instant its events are to be recorded with: the one at which it was begun.
    """

    events: Sequence[Payload] = ()
    artifacts: Mapping[Digest, bytes] = {}
    children: Sequence[ChildStart] = ()
    caches: Mapping[str, tuple[Kept, float]] = {}
    needs: frozenset[Digest] = frozenset()
    keys: frozenset[str] = frozenset()
    hard: bool = False
    at: float = 0.0

    @property
    def final(self) -> bool:
        """Tell whether the decision is complete."""
        return not (self.needs or self.keys or self.hard)


def decide(run: Carried, inputs: Sequence[Input], ctx: Context) -> Decision:
    """Return the events that follow from ``inputs``; ``run.state`` shows them already.

    Pure but for ``run``, which is consumed and carried on: the same state, inputs and context give
    the same events. An input that no longer fits (a late or repeated one) gives none.
    """
    thinking = run.thinking
    if thinking is None:
        thinking = Thinking(run.program, run.state, run.waitlists, ctx)
    elif ctx.now != thinking.ctx.now:
        ctx = msgspec.structs.replace(ctx, now=thinking.ctx.now)  # one decision has one instant
    thinking.ctx = ctx
    thinking.packing.values = ctx.values
    run.inputs.extend(inputs)
    try:
        _think(thinking, run.inputs)
    except NeedsValues as question:
        run.thinking = thinking
        return Decision(needs=question.digests, keys=question.keys)
    except ExpressionTooExpensive:
        if ctx.limits is DEFAULT:
            raise
        run.thinking = thinking
        return Decision(hard=True)
    run.thinking = None
    run.state = thinking.state
    return Decision(
        thinking.events, thinking.artifacts, thinking.children, thinking.caches, at=ctx.now
    )


def _think(t: Thinking, inputs: list[Input]) -> None:
    while True:
        while t.tasks:
            task = t.tasks.pop()
            before = len(t.events)
            try:
                at_path = _AT_PATH.get(task.kind)
                if at_path is not None:
                    at_path(t, task.path)
                else:
                    _other(t, task)
            except (NeedsValues, ExpressionTooExpensive):
                _unchanged(t, before)
                t.tasks.append(task)
                raise
        if t.refills:
            path = next(iter(t.refills))
            del t.refills[path]
            t.later("refill", path)
        elif inputs:
            _take(t, inputs)
        elif not settle.settle(t):
            break
    if t.events:
        settle.rest(t)


def _unchanged(t: Thinking, before: int) -> None:
    if len(t.events) != before:
        raise AssertionError("a task asked for values after it had emitted events")


def _take(t: Thinking, inputs: list[Input]) -> None:
    before = len(t.events)
    try:
        _input(t, inputs[0])
    except (NeedsValues, ExpressionTooExpensive):
        _unchanged(t, before)
        raise
    inputs.pop(0)


def _input(t: Thinking, event: Input) -> None:
    if isinstance(event, ToolReplied):
        replies.tool_replied(t, event)
    elif isinstance(event, ModelReplied):
        _model_replied(t, event)
    elif isinstance(event, Claimed):
        _claimed(t, event)
    elif isinstance(event, TimePassed):
        clock.time_passed(t)
    elif isinstance(event, CallBroke):
        _call_broke(t, event)
    elif isinstance(event, CallHeld):
        _call_held(t, event)
    elif isinstance(event, Told):
        commands.told(t, event)
    elif isinstance(event, Poisoned):
        commands.poisoned(t, event)
    else:
        assert_never(event)


def _claimed(t: Thinking, event: Claimed) -> None:
    state = t.state
    if state.status in TERMINAL:
        return
    if state.status in {RunStatus.QUEUED, RunStatus.ASSIGNED}:
        t.emit(RunAssigned(event.worker, event.epoch))
        t.emit(RunStarted())
        t.later("consider", paths.ROOT)
        return
    if state.calls:
        t.emit(RunAssigned(event.worker, event.epoch))
    lost = list(state.calls.values())
    for call in lost:
        money.lost(t, call)
    kick.everything(t)
    for call in reversed(lost):  # the first is thought through first
        if not call.repeatable:
            t.do(partial(_unknown, t, call.path))


def _unknown(t: Thinking, path: str, cause: Failure | None = None) -> None:
    """A call that must not be repeated may have taken effect: a person has to look."""
    run = t.state.steps[path]
    undo, labels = frozen_names(t, run, None)
    failure = _outcome_unknown(path, cause)
    t.emit(StepDead(path, "unknown_outcome", failure, run.attempt, undo, undo_labels=labels))


def _outcome_unknown(path: str, cause: Failure | None) -> Failure:
    why = "Its worker was lost." if cause is None else f"{cause.message} [{cause.code}]"
    return Failure(
        "outcome_unknown",
        f"A call that must not be repeated may have taken effect. {why}",
        FailureKind.CONFLICT,
        advice="Look outside what happened, then repair the step with its result, or retry it.",
        step=path,
    )


def _model_replied(t: Thinking, event: ModelReplied) -> None:
    call = t.state.calls.get(event.call)
    if call is not None and call.judges:
        judging.replied(t, event, call)
    else:
        replies.model_replied(t, event)


def _call_held(t: Thinking, event: CallHeld) -> None:
    call = t.state.calls.get(event.call)
    if call is not None and call.judges:
        judging.held(t, event, call)
    else:
        holding.call_held(t, event)


def _call_broke(t: Thinking, event: CallBroke) -> None:
    call = t.state.calls.get(event.call)
    if call is None:
        return
    if call.judges and t.state.phase != "cancelling":
        judging.broke(t, event, call)
        return
    told = bool(call.ask) and t.state.phase != "cancelling"
    replies.judged(t, call, event.facts)
    unknown = event.unknown and not (told and call.repeatable)
    failure = replies.once(call, event.failure, unknown=unknown)
    replies.end_call(
        t,
        call,
        failure,
        unknown=unknown,
        seconds=event.seconds,
        tries=event.tries,
        strange=event.strange,
    )
    if told and unknown:
        t.do(partial(_unknown, t, call.path, event.failure))
    elif told:
        t.later("call", call.path)
    else:
        t.later("broke", call.path, failure, unknown=event.unknown and call.kind == "tool")
    t.freed(t.state.steps[call.path])
    money.after(t, call)


def _other(t: Thinking, task: Task) -> None:
    if task.kind == "undo":
        settle.undo(t)
    elif task.kind == "broke" and task.failure is not None:
        failing.broke(t, task.path, task.failure, task.unknown)
    elif task.action is not None:
        task.action()


_AT_PATH: Mapping[Kind, Callable[[Thinking, str], None]] = {
    "consider": scopes.consider,
    "begin": begin.begin,
    "call": calls.again,
    "ended": scopes.ended,
    "refill": fans.refill,
    "closed": scopes.closed,
    "halt": failing.halt,
}
"""Tasks that are about a path and nothing else; the others are told apart by hand."""
