"""The breaker: a run that runs away is held, and a person is asked what becomes of it.

What it holds is a dead letter like any other: the state stays, and whoever looks lets it go on,
gives the result or other words itself, or ends the run.
"""

from collections.abc import Mapping
from typing import Literal

from kapell.core.approvals.question import SAID_NO
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.guarding.guard import BreakerTripped
from kapell.core.events.step import StepDead
from kapell.core.guardrails.labels import label_of
from kapell.core.limits.breaker import AGENT_HELD, SURE, UNUSUAL, Breaker
from kapell.core.runs import paths
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.fold.breaking import agent_of, dealt_with, streak
from kapell.core.runs.state import StepRun
from kapell.kit.errors import Failure, Kind
from kapell.kit.money import text as money

_WORTH_TELLING = 10_000_000
"""Nano-dollars below which no spending is unusual: a cent."""

Scope = Literal["run", "agent", "money"]
Reason = Literal["failures", "confidence", "repeats", "cost", "calls", "runs", "open"]

_AT_THE_DOOR: Mapping[str, tuple[Scope, Reason]] = {
    "cost_limit": ("money", "cost"),
    AGENT_HELD: ("agent", "open"),
}


def refused(t: Thinking, run: StepRun, failure: Failure) -> bool:
    """Hold the run for a call that was refused for now; False when it was another failure.

    No further attempt and no handler helps there: the limit of money is raised or its window ends,
    a person lets the agent work again.
    """
    known = _AT_THE_DOOR.get(failure.code)
    if known is None or not _active(t, run):
        return False
    scope, reason = known
    _trip(t, run, scope, agent_of(t.program, run) if scope == "agent" else "", reason, failure)
    return True


def failed(t: Thinking, run: StepRun, failure: Failure) -> Failure | None:
    """Tell that too much has failed in a row, this included, and what holds the run; else None."""
    breaker = _active(t, run)
    if breaker is None or breaker.failures is None or not t.place(run).calls:
        return None
    if failure.code in SAID_NO:  # a person has looked already
        return None
    name = agent_of(t.program, run)
    of_agent = streak(t.state, name).failures + 1 if name else 0
    of_run = 0 if dealt_with(t.state, t.program, run) else t.state.breaking.failures + 1
    if run.fan is not None or max(of_agent, of_run) < breaker.failures:
        return None
    scope: Scope = "agent" if of_agent >= breaker.failures else "run"
    who = f"The agent {name!r}" if scope == "agent" else "The run"
    message = (
        f"{who} has failed {max(of_agent, of_run)} times in a row, at last with: "
        f"{failure.message} [{failure.code}]"
    )
    t.emit(BreakerTripped(path=run.path, scope=scope, name=name, reason="failures"))
    return _why(message, run.path)


def doubted(t: Thinking, path: str) -> bool:
    """Hold the run when an agent, or the run, was not sure too often in a row; else False."""
    run = t.state.steps[path]
    breaker = _active(t, run)
    if breaker is None or breaker.confidence is None:
        return False
    name = agent_of(t.program, run)
    of_agent = streak(t.state, name).doubts
    doubts = max(of_agent, t.state.breaking.doubts)
    if doubts < breaker.times:
        return False
    scope: Scope = "agent" if of_agent >= breaker.times else "run"
    who = f"The agent {name!r}" if scope == "agent" else "The run"
    message = (
        f"{who} gave {doubts} answers in a row that were less sure than "
        f"{breaker.confidence:g}, or not held by their sources; see the run's history."
    )
    _trip(t, run, scope, name, "confidence", _why(message, path))
    return True


def repeating(t: Thinking, run: StepRun) -> bool:
    """Hold the run when an agent insists on a call that it made before; else False."""
    breaker = _active(t, run)
    if breaker is None or breaker.repeats is None:
        return False
    asks = [ask for turn in run.turns for ask in turn.asks]
    same = [ask for ask in asks if ask.failure and ask.failure.code == "tool_call_repeated"]
    if len(same) < breaker.repeats:
        return False
    name = agent_of(t.program, run)
    message = f"The agent {name!r} keeps asking for the same call of {same[-1].tool!r}."
    _trip(t, run, "agent", name, "repeats", _why(message, run.path))
    return True


def too_many(t: Thinking, run: StepRun, *, begins: bool) -> bool:
    """Hold the run when it, with all that it began, has made too many calls; else False.

    Where it ``begins`` a run now, it is held for too many of these as well.
    """
    breaker = _active(t, run)
    if breaker is None:
        return False
    state = t.state
    _, calls, runs = state.breaking.base
    used = (state.breaking.calls - calls, state.breaking.runs - runs)
    reasons: tuple[tuple[Reason, int | None, int], ...] = (
        ("calls", breaker.calls, used[0]),
        ("runs", breaker.runs if begins else None, used[1]),
    )
    for reason, limit, count in reasons:
        if limit is not None and count >= limit:
            message = f"The run and what it began have made {count:,} {reason}: no more are let be."
            _trip(t, None, "run", "", reason, _why(message, run.path))
            return True
    return False


def spent(t: Thinking) -> None:
    """Hold a run without a budget that has cost too much; tell of one far out of its habit."""
    state, breaker = t.state, t.state.request.breaker
    if breaker is None or state.phase != "going":
        return
    habit, used = state.request.forecast, state.usd
    if _unusual(t, used) and habit is not None:
        t.emit(BudgetAlerted("habit", habit.high, used))
    own = state.meters[paths.ROOT].limit_usd
    more = used - state.breaking.base[0]
    if breaker.usd is not None and own is None and more >= breaker.usd:
        message = f"The run has cost {money(used)} and has no budget."
        _trip(t, None, "run", "", "cost", _why(message, ""))


def _unusual(t: Thinking, used: int) -> bool:
    habit = t.state.request.forecast
    if habit is None or habit.runs < SURE or t.state.breaking.alerted:
        return False
    return used > max(UNUSUAL * habit.high, _WORTH_TELLING)


def _active(t: Thinking, run: StepRun) -> Breaker | None:
    """Return the breaker of a run that goes on; what undoes is left alone."""
    scope = t.state.scopes.get(run.scope)
    if t.state.phase != "going" or (scope is not None and t.in_undo(scope)):
        return None
    return t.state.request.breaker


def _why(message: str, path: str) -> Failure:
    return Failure(
        "breaker_tripped",
        message[:1000],
        Kind.CONFLICT,
        advice="Look at it with `kapell runs show`, then: kapell runs resolve RUN, with "
        "--resume, --give, --output or --end.",
        step=path,
    )


def _trip(
    t: Thinking, run: StepRun | None, scope: Scope, name: str, reason: Reason, failure: Failure
) -> None:
    """Hold a step run, or the whole run."""
    path = run.path if run is not None else paths.ROOT
    label = label_of(tree.label_of_run(t.state, t.program, run)) if run is not None else ()
    t.emit(BreakerTripped(path=path, scope=scope, name=name, reason=reason))
    attempt = run.attempt if run is not None else 1
    t.emit(StepDead(path, "breaker", failure, attempt, label=label))
