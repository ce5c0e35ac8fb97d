"""An agent asks another: a run of its own, within the caller's money."""

import msgspec
import pytest

from kapell.core.agents.definition import Agent
from kapell.core.events.signal import ChildEnded, ChildStarted
from kapell.core.events.tool import ToolFailed
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import Cancel, ChildOutcome
from kapell.core.runs.decide.steps.delegating import asking
from kapell.core.runs.state import OpenCall
from kapell.core.workflows.pins import Pins
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, ONCE
from tests.unit.core.runs.test_turns import TOOLS, ask, turn_of
from tests.unit.core.workflows.authoring import version_of

BOSS = Agent(name="boss", instructions="", tools=("agent.*", "look.up"), budget_usd=50_000_000)
OTHERS = {
    "scout": Agent(name="scout", instructions="", description="Looks.", tools=("look.*",)),
    "clerk": Agent(name="clerk", instructions="", output={"type": "object"}),
}


def boss(script: dict[int, ModelAnswer], agent: Agent = BOSS) -> Simulation:
    """Return a run of an agent that may ask others."""

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        if call.kind == "tool":
            return args
        return script.get(turn_of(call), ModelAnswer(text="done", usage=Usage(10, 5)))

    agents = {**OTHERS, "boss": agent}
    text = "name: w\nsteps: [{id: a, agent: boss, prompt: Lead.}]"
    version = version_of(text, Pins(agents=agents), ONCE)
    version = msgspec.structs.replace(version, agents=agents)
    quote = Quote(model="offline", input_price=1_000_000, output_price=1_000_000)
    made = Simulation(version, {}, effect, tools=TOOLS, quotes={"offline": quote})
    made.claim()
    return made


def children(made: Simulation) -> list[ChildStarted]:
    """Return what was begun."""
    return [e.payload for e in made.events if isinstance(e.payload, ChildStarted)]


def told(child: ChildStarted, output: Json = "found", usd: int = 7) -> ChildOutcome:
    """Return the outcome of a child run."""
    return ChildOutcome(child.run_id, child.call, "succeeded", output, None, usd, 3)


@pytest.mark.requirement("AG-13", "GR-07")
def test_agents_are_asked_side_by_side_with_tools_and_their_answers_are_observed() -> None:
    wanted = ask(
        ("agent.scout", {"task": "Look."}), ("look.up", {}), ("agent.clerk", {"task": "Write."})
    )
    made = boss({1: wanted})
    made.step()
    scout, clerk = children(made)
    assert (scout.workflow, scout.call, clerk.call) == ("agent-scout", "a#1/2", "a#1/4")
    assert (made.state.steps["a"].open, len(made.state.calls)) == (3, 1)
    made.step()
    assert made.state.status == "waiting"
    made.crash()
    made.tell(told(clerk, {"n": 1}))
    made.tell(told(clerk, {"n": 2}))
    assert made.state.calls == {}
    made.tell(told(scout))
    made.run()
    checked(made)
    assert made.output == "done"
    own = sum(getattr(e.payload, "cost", 0) for e in made.events if e.type == "model.answered")
    assert made.state.usd == 14 + own


@pytest.mark.requirement("AG-13")
def test_what_is_begun_is_an_agent_answering_a_task_with_what_money_is_left() -> None:
    made = boss({1: ask(("agent.scout", {"task": "Look."}))})
    made.step()
    (child,) = children(made)
    assert child.usd is not None
    assert 0 < child.usd < 50_000_000
    version = asking(made.program.version, "scout", made.program.version.body.steps[0])
    step = version.body.steps[0]
    assert (version.name, step.id, step.model) == ("agent-scout", "scout", "offline")
    assert version.agents == made.program.version.agents


@pytest.mark.requirement("AG-13", "DE-14")
def test_who_cannot_be_asked_is_told_to_the_caller() -> None:
    odd = ask(("agent.boss", {"task": "x"}), ("agent.nobody", {"task": "x"}), ("agent.scout", {}))
    made = boss({1: odd})
    made.run()
    codes = [e.payload.failure.code for e in made.events if isinstance(e.payload, ToolFailed)]
    assert codes == ["tool_not_offered", "tool_not_offered", "tool_arguments"]
    assert (children(made), made.output) == ([], "done")


@pytest.mark.requirement("AG-13", "DE-14")
def test_an_agent_that_failed_is_an_observation_and_no_failure_of_the_caller() -> None:
    made = boss({1: ask(("agent.scout", {"task": "Look."}))})
    made.step()
    (child,) = children(made)
    made.tell(ChildOutcome(child.run_id, child.call, "failed", None, BAD, 7, 3))
    made.run()
    checked(made)
    assert (made.state.status, made.output) == ("succeeded", "done")
    (ended,) = [e.payload for e in made.events if isinstance(e.payload, ChildEnded)]
    assert ended.failure == BAD


@pytest.mark.requirement("AG-13", "DX-06")
def test_who_cancels_the_caller_cancels_those_it_asked() -> None:
    made = boss({1: ask(("agent.scout", {"task": "Look."}))})
    made.step()
    (child,) = children(made)
    made.tell(Cancel("enough"))
    made.tell(ChildOutcome(child.run_id, child.call, "cancelled", None, None, 7, 3))
    made.run()
    checked(made)
    assert made.state.status == "cancelled"


@pytest.mark.requirement("GR-07", "AG-13")
def test_who_is_asked_shares_what_the_caller_has_left() -> None:
    poor = Agent(name="boss", instructions="", tools=("agent.*",), budget_usd=6_500_000)
    made = boss({1: ask(("agent.scout", {"task": "a"}), ("agent.clerk", {"task": "b"}))}, poor)
    made.step()
    scout, clerk = children(made)
    assert scout.usd is not None
    assert clerk.usd is not None
    assert scout.usd + clerk.usd + made.state.usd == 6_500_000
    assert abs(scout.usd - clerk.usd) <= 1
    made.tell(told(scout, usd=scout.usd))
    made.tell(told(clerk, usd=clerk.usd))
    made.run()
    checked(made)
    assert made.state.failure is not None
    assert made.state.failure.code == "budget_exceeded"
