"""What the breaker counts: failures and doubts in a row, calls, runs."""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from kapell.core.approvals.question import SAID_NO
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.envelope import Payload
from kapell.core.events.model import ModelAnswered, ModelRequested
from kapell.core.events.run import RunRepaired
from kapell.core.events.signal import ChildEnded, ChildStarted
from kapell.core.events.step import StepDead, StepFailed, StepSucceeded
from kapell.core.events.tool import ToolRequested
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import Breaking, State, StepRun, Streak
from kapell.core.workflows.version import AgentWork, AskWork

Count = Callable[[State, Program, Payload], None]


def agent_of(program: Program, run: StepRun) -> str:
    """Return whose failures count together: an agent's, an ``ask`` step's; empty for others."""
    work = tree.place_of(program, run).step.work
    if isinstance(work, AgentWork):
        return work.agent
    return f"step {paths.step_of(run.path)}" if isinstance(work, AskWork) else ""


def streak(state: State, name: str) -> Streak:
    """Return what is counted of an agent."""
    return state.breaking.agents.get(name, Streak())


def _calls(program: Program, run: StepRun) -> bool:
    """Tell whether a step run makes calls itself; a ``for_each`` as a whole makes none."""
    return run.fan is None and tree.place_of(program, run).calls


def _succeeded(state: State, program: Program, event: StepSucceeded) -> None:
    run = state.steps.get(event.path)
    if run is None or event.cached or not _calls(program, run):
        return
    counted = state.breaking
    counted.failures = 0
    if counted.agents and (known := counted.agents.get(agent_of(program, run))) is not None:
        known.failures = 0


def _failed(state: State, program: Program, event: StepFailed | StepDead) -> None:
    run = state.steps.get(event.path)
    if run is None or not _calls(program, run) or event.failure.code in SAID_NO:
        return
    if not dealt_with(state, program, run):
        state.breaking.failures += 1
    name = agent_of(program, run)
    if name:
        state.breaking.agents.setdefault(name, Streak()).failures += 1


def dealt_with(state: State, program: Program, run: StepRun) -> bool:
    """Tell whether the author wrote what happens after this failure: that is no run away."""
    return any(_dealt_with(program, around) for around in tree.chain(state, run))


def _dealt_with(program: Program, run: StepRun) -> bool:
    step = tree.place_of(program, run).step
    if run.item >= 0:
        return step.for_each is not None and step.for_each.on_item_error == "collect"
    return not isinstance(step.on_error, str) and not run.handled


def _answered(state: State, program: Program, event: ModelAnswered) -> None:
    breaker, run = state.request.breaker, state.steps.get(event.path)
    if breaker is None or breaker.confidence is None or run is None:
        return
    said, held = event.confidence, event.grounding
    if said is None and held is None:
        return
    unsure = said is not None and said < breaker.confidence
    doubtful = unsure or (held is not None and held.flagged > 0)
    state.breaking.doubts = state.breaking.doubts + 1 if doubtful else 0
    name = agent_of(program, run)
    if name:
        known = state.breaking.agents.setdefault(name, Streak())
        known.doubts = known.doubts + 1 if doubtful else 0


def _model_called(state: State, program: Program, event: ModelRequested) -> None:
    del program, event
    state.breaking.calls += 1


def _tool_called(state: State, program: Program, event: ToolRequested) -> None:
    del program
    if event.ask:
        state.breaking.calls += 1


def _began(state: State, program: Program, event: ChildStarted) -> None:
    del program, event
    state.breaking.runs += 1


def _ended(state: State, program: Program, event: ChildEnded) -> None:
    del program
    state.breaking.calls += event.calls
    state.breaking.runs += event.runs


def _looked_at(state: State, program: Program, event: RunRepaired) -> None:
    """A person has looked: what was counted begins anew, what was used is let be."""
    del program, event
    old = state.breaking
    base = (state.usd, old.calls, old.runs)
    state.breaking = Breaking(calls=old.calls, runs=old.runs, base=base, alerted=old.alerted)


def _alerted(state: State, program: Program, event: BudgetAlerted) -> None:
    del program
    state.breaking.alerted = state.breaking.alerted or event.reason == "habit"


COUNTED = cast(
    "Mapping[type[msgspec.Struct], Count]",
    {
        StepSucceeded: _succeeded,
        StepFailed: _failed,
        StepDead: _failed,
        ModelAnswered: _answered,
        ModelRequested: _model_called,
        ToolRequested: _tool_called,
        ChildStarted: _began,
        ChildEnded: _ended,
        RunRepaired: _looked_at,
        BudgetAlerted: _alerted,
    },
)
"""By what happened, what is counted before it is folded; only runs with a breaker count."""
