"""Budgets: set aside before a call, settled after it, in the decision that records the call."""

from collections.abc import Callable, Iterable
from typing import Literal

from kapell.core.events.budget import BudgetExceeded, BudgetSettled, BudgetWarned
from kapell.core.events.model import ModelAbandoned
from kapell.core.events.step import StepDead
from kapell.core.events.tool import ToolFailed
from kapell.core.pricing.budget import Budget
from kapell.core.runs import paths
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.state import Meter, OpenCall, StepRun
from kapell.kit.errors import Failure, Kind
from kapell.kit.money import text

_WARN_AT = 0.8


def room(t: Thinking, run: StepRun, usd: int, tokens: int, started: Callable[[], None]) -> bool:
    """Tell whether every budget around has room for a call's worst case.

    A call that only other calls in flight leave no room for waits until they are settled. Where no
    settling can help, a part's own budget fails the step; the run's own stops the run, whatever
    would deal with failures on the way.
    """
    for path, meter in _meters(t, run):
        for what, limit, used, reserved, needed in _lines(meter, usd, tokens):
            if limit is None or used + reserved + needed <= limit:
                continue
            if reserved and used + needed <= limit:
                t.waitlists.for_money(run.path)
                return False
            if path == paths.ROOT and t.state.phase == "going":
                _stop(t, what, limit, used + needed, run.path)
                return False
            started()
            t.emit(BudgetExceeded(path, what, limit, used + reserved + needed))
            t.later("broke", run.path, exceeded(path, what, limit, used + needed, run.path))
            return False
    return True


def place(t: Thinking, run: StepRun, usd: int, tokens: int) -> Literal["now", "later", "never"]:
    """Tell whether a call that can be done without has room in every budget around it.

    ``later``: once other calls in flight are settled. Nothing fails where there is none.
    """
    found: Literal["now", "later"] = "now"
    for _, meter in _meters(t, run):
        for _, limit, used, reserved, needed in _lines(meter, usd, tokens):
            if limit is None or used + reserved + needed <= limit:
                continue
            if not reserved or used + needed > limit:
                return "never"
            found = "later"
    return found


_Line = tuple[Literal["usd", "tokens"], int | None, int, int, int]


def _lines(meter: Meter, usd: int, tokens: int) -> tuple[_Line, _Line]:
    return (
        ("usd", meter.limit_usd, meter.usd, meter.reserved_usd, usd),
        ("tokens", meter.limit_tokens, meter.tokens, meter.reserved_tokens, tokens),
    )


def _meters(t: Thinking, run: StepRun) -> list[tuple[str, Meter]]:
    found = [
        (around.path, t.state.meters[around.path])
        for around in tree.chain(t.state, run)
        if around.path in t.state.meters
    ]
    agent = _planned(t, run)
    if agent is not None:
        found.insert(0, (run.path, agent))
    return [*found, (paths.ROOT, t.state.meters[paths.ROOT])]


def _planned(t: Thinking, run: StepRun) -> Meter | None:
    """Return the meter a step run will have once it has begun."""
    if run.path in t.state.steps:
        return None
    return tree.planned_meter(t.program, run, passage=True)


def allotment(
    t: Thinking, run: StepRun, budget: Budget | None, among: int = 1
) -> tuple[int | None, int | None]:
    """Return what a child run may spend: what it asks for, never more than is left around it.

    One that asks for nothing gets all that is left; an item, its share of that with the items that
    may begin beside it, and one ``among`` several of a step run its share with these. What finds
    nothing left waits until others have ended (see ``room``).
    """
    sharing = _sharing(t, run) * among
    usd: list[int] = []
    tokens: list[int] = []
    for _, meter in _meters(t, run):
        if meter.limit_usd is not None:
            usd.append(meter.limit_usd - meter.usd - meter.reserved_usd)
        if meter.limit_tokens is not None:
            tokens.append(meter.limit_tokens - meter.tokens - meter.reserved_tokens)
    return (
        _allotted(budget.usd if budget else None, usd, sharing),
        _allotted(budget.tokens if budget else None, tokens, sharing),
    )


def _allotted(asked: int | None, left: list[int], sharing: int) -> int | None:
    if not left:
        return asked
    most = max(min(left), 0)
    return min(asked, most) if asked is not None else max(most // sharing, min(most, 1))


def _sharing(t: Thinking, run: StepRun) -> int:
    """Return how many items, this one included, may begin at the same time."""
    outer = t.state.steps[run.outer] if run.item >= 0 else run
    each = t.place(outer).step.for_each
    if outer.fan is None or each is None:
        return 1
    beside = outer.fan.total - max(outer.fan.next, run.item + 1)
    return max(min(each.concurrency - outer.fan.busy, beside + 1), 1)


def exceeded(scope: str, what: str, limit: float, needed: float, step: str) -> Failure:
    """Return the failure that names the budget that was used up."""
    whose = f"step {scope!r}" if scope else "the run"
    shown = (
        f"{text(int(limit))}, {text(int(needed))} needed"
        if what == "usd"
        else f"{limit:,.0f} {'seconds' if what == 'time' else what}, {needed:,.0f} needed"
    )
    return Failure(
        "budget_exceeded",
        f"The {what} budget of {whose} is used up: {shown}.",
        Kind.DENIED,
        advice=f"Raise 'budget.{what}', or use a cheaper model or smaller outputs.",
        step=step,
    )


def settle(t: Thinking, call: OpenCall, usd: int, tokens: int) -> None:
    """Replace a reservation by what was used; before the event that ends the call."""
    t.emit(BudgetSettled(call.call, usd, tokens))


def after(t: Thinking, call: OpenCall) -> None:
    """Look at the ceilings once a call is settled: warn, stop, or let waiting calls try."""
    look(t, call.holders)


def child_ended(t: Thinking, run: StepRun) -> None:
    """Look at the ceilings once a child run has given back what it did not spend."""
    look(t, [path for path, _ in _meters(t, run)])


def look(t: Thinking, holders: Iterable[str]) -> None:
    """Look at the ceilings of these meters: warn, stop, or let waiting calls try."""
    for path in holders:
        meter = t.state.meters.get(path)
        if meter is None:
            continue
        for what, limit, used, _, _ in _lines(meter, 0, 0):
            if limit is None:
                continue
            if used > limit and path == paths.ROOT:
                _stop(t, what, limit, used, "")
            elif used and used >= limit * _WARN_AT and all(w.what != what for w in meter.warned):
                t.emit(BudgetWarned(path, what, limit, used))
    breaking.spent(t)
    for path in reversed(t.waitlists.all_for_money()):
        retry(t, path)


def retry(t: Thinking, path: str) -> None:
    """Try again what waited for money or a slot."""
    run = t.state.steps.get(path)
    t.later("begin" if run is None or run.waits == "retry" else "call", path)


def _stop(t: Thinking, what: Literal["usd", "tokens"], limit: int, needed: int, step: str) -> None:
    if t.state.phase != "going":
        return
    t.emit(BudgetExceeded(paths.ROOT, what, limit, needed))
    t.emit(StepDead(paths.ROOT, "step", exceeded(paths.ROOT, what, limit, needed, step), 1))


def lost(t: Thinking, call: OpenCall) -> None:
    """Close a call nobody waits for any more: a model's at its worst case, a tool's as unknown."""
    if call.kind == "model":
        settle(t, call, call.usd, call.tokens)
        t.emit(ModelAbandoned(call=call.call, path=call.path, model=call.name, cost=call.usd))
    else:
        if call.usd:
            settle(t, call, call.usd, 0)
        failure = Failure(
            "worker_lost",
            "The worker that called the tool is gone.",
            Kind.UNAVAILABLE,
            retryable=True,
            advice="Look outside whether the call took effect before it is made again.",
            step=call.path,
        )
        t.emit(
            ToolFailed(
                call=call.call,
                path=call.path,
                tool=call.name,
                failure=failure,
                unknown=True,
                ask=call.ask,
            )
        )
