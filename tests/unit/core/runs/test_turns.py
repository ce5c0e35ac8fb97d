"""Turns: a model asks for tools, sees what came of it, and goes on until it answers."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from kapell.core.agents.definition import Agent
from kapell.core.agents.messages import messages
from kapell.core.agents.turns import IN_VAIN
from kapell.core.events.model import ModelAnswered, ModelRequested
from kapell.core.events.run import RunForked
from kapell.core.events.tool import ToolFailed, ToolRequested
from kapell.core.events.value import INLINE_LIMIT, unpack
from kapell.core.gateway.calls import Message, ModelAnswer, Thought, ToolAsk, Usage
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import Cancel, Repair, Retry
from kapell.core.runs.inputs import CallBroke
from kapell.core.runs.state import OpenCall
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.pins import Pins
from kapell.kit.errors import Failure, Kind
from kapell.kit.ids import RunId
from kapell.kit.json import Json, decode
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked, money_holds
from tests.unit.core.runs.running import BAD, DOWN, ONCE
from tests.unit.core.workflows.authoring import version_of

TOOLS = {
    name: ToolSpec(
        name=name,
        description=f"Do {name}.",
        args={"type": "object"},
        repeatable=name != "once.pay",
        cost=1_000 if name == "dear.ask" else 0,
    )
    for name in ("look.up", "look.in", "once.pay", "dear.ask", "secret.read")
}
WORKER = Agent(
    name="worker", instructions="You work.", tools=("look.*", "once.pay", "dear.ask"), turns=6
)
STEP = "steps: [{id: a, agent: worker, prompt: Do it., retry: {attempts: 2, backoff: 1s}}]"

Script = Mapping[int, ModelAnswer | Failure]


def ask(*asks: tuple[str, Json], text: str = "") -> ModelAnswer:
    """Return an answer that asks for tools."""
    wanted = tuple(ToolAsk(f"c{n}", tool, args) for n, (tool, args) in enumerate(asks))
    return ModelAnswer(text=text, asks=wanted, usage=Usage(10, 5))


def turn_of(call: OpenCall) -> int:
    """Return which turn a model's call is, as its key tells."""
    return int(call.key.rpartition("/")[2])


def working(
    script: Script,
    tools: Mapping[str, Json | Failure] | None = None,
    *,
    text: str = STEP,
    agent: Agent = WORKER,
    price: int = 0,
) -> Simulation:
    """Return a run of an agent whose model answers by the number of the turn."""
    told = tools or {}

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        if call.kind == "tool":
            return told.get(call.name, {"did": call.name, "args": args})
        said = script.get(turn_of(call), "done")
        return said if not isinstance(said, str) else ModelAnswer(text=said, usage=Usage(10, 5))

    version = version_of(f"name: w\n{text}", Pins(agents={"worker": agent}), ONCE)
    quotes: dict[str, Quote | Failure] = {
        "offline": Quote(model="offline", input_price=price, output_price=price)
    }
    made = Simulation(version, {}, effect, tools=TOOLS, quotes=quotes)
    made.claim()
    return made


def done(made: Simulation) -> Simulation:
    """Return a run that has gone on as far as it can, with what must hold of it looked at."""
    made.run()
    checked(made)
    money_holds(made)
    return made


def sent(made: Simulation) -> tuple[Message, ...]:
    """Return what the open call of the step would be asked with."""
    run = made.state.steps["a"]
    return messages(WORKER, "Do it.", run.turns, lambda one: unpack(one, made.values), TOOLS)


def of(made: Simulation, kind: type) -> Sequence[object]:
    """Return the run's facts of one kind."""
    return [event.payload for event in made.events if isinstance(event.payload, kind)]


@pytest.mark.requirement("DE-13")
def test_a_model_gets_what_it_asked_for_and_goes_on() -> None:
    made = working({1: ask(("look.up", {"q": 1}), ("look.in", {"q": 2}), text="I look.")})
    assert [call.tools for call in made.state.calls.values()] == [
        ("dear.ask", "look.in", "look.up", "once.pay")
    ]
    made.step()
    # Both are under way side by side.
    assert [(one.name, one.ask) for one in made.state.calls.values()] == [
        ("look.up", "c0"),
        ("look.in", "c1"),
    ]
    made.step()
    assert len(made.state.calls) == 1
    made.step()
    said = sent(made)
    assert [one.role for one in said] == ["system", "user", "assistant", "tool", "tool"]
    assert (said[2].text, [one.tool for one in said[2].asks]) == ("I look.", ["look.up", "look.in"])
    assert [(one.answers, one.failed) for one in said[3:]] == [("c0", False), ("c1", False)]
    assert '"q":2' in said[4].text
    assert done(made).output == "done"
    keys = [
        e.key.partition(":")[2] for e in of(made, ToolRequested) if isinstance(e, ToolRequested)
    ]
    assert keys == ["a#1/1.1", "a#1/1.2"]


@pytest.mark.requirement("DE-13", "DX-04")
@pytest.mark.parametrize("at", range(12))
def test_a_crash_anywhere_asks_for_nothing_that_is_recorded(at: int) -> None:
    """The tenth turn is taken up at the tenth turn."""
    script = {n: ask(("look.up", {"n": n}), ("look.in", {"n": n})) for n in range(1, 5)}
    made = working(script)
    for _ in range(at):
        made.step()
    made.crash()
    done(made)
    assert made.output == "done"
    models = [call.key for call in made.asked if call.kind == "model"]
    tools = [call.key for call in made.asked if call.kind == "tool"]
    assert len(set(models)) == len(models) == 5
    assert len(set(tools)) == len(tools) == 8


@pytest.mark.requirement("DE-14", "TL-05")
def test_a_failing_tool_is_told_by_class_and_the_model_goes_on() -> None:
    wrong = Failure("tool_arguments", "'q' is missing.", Kind.INVALID, advice="Mend them.")
    made = working({1: ask(("look.up", {})), 2: ask(("look.in", {}))}, {"look.up": wrong})
    made.step()
    made.step()
    (told,) = [one for one in sent(made) if one.role == "tool"]
    assert told.failed
    assert told.text.startswith("The call failed (arguments, tool_arguments): 'q' is missing.")
    assert 'It takes: {"type":"object"}' in told.text
    assert done(made).output == "done"
    assert made.state.status == "succeeded"


@pytest.mark.requirement("DE-14")
def test_what_may_not_be_asked_for_is_refused_before_it_begins() -> None:
    odd = ModelAnswer(
        text="",
        asks=(
            ToolAsk("c", "secret.read", {}),
            ToolAsk("c", "look.up", broken="{not json"),
            ToolAsk("", "nothing", {}),
            ToolAsk("d", "look.in", "\0"),
            ToolAsk("e", "look.in", broken='{"q": "\ud800'),
            ToolAsk("f", "look\ud800.in", {}),
        ),
    )
    made = done(working({1: odd}))
    assert [call.kind for call in made.asked] == ["model", "model"]
    failed = [one for one in of(made, ToolFailed) if isinstance(one, ToolFailed)]
    assert [one.failure.code for one in failed] == [
        "tool_not_offered",
        "tool_arguments",
        "tool_not_offered",
        "tool_arguments",
        "tool_arguments",
        "tool_not_offered",
    ]
    assert len({one.ask for one in failed}) == 6
    unreadable = {one.failure.message for one in failed if one.tool == "look.in"}
    assert unreadable == {
        "The arguments were not a JSON object: they held a NUL character, or half of a surrogate "
        "pair."
    }
    assert made.output == "done"


@pytest.mark.requirement("DE-14")
def test_the_same_call_is_not_made_for_ever() -> None:
    script = {n: ask(("look.up", {"q": 1}), ("look.in", {"n": n})) for n in range(1, 6)}
    made = done(working(script))
    calls = [call.name for call in made.asked if call.kind == "tool"]
    assert (calls.count("look.up"), calls.count("look.in")) == (2, 5)
    assert {one.failure.code for one in of(made, ToolFailed) if isinstance(one, ToolFailed)} == {
        "tool_call_repeated"
    }
    made = done(working({n: ask(("look.up", {})) for n in (1, 2)}, {"look.up": BAD}))
    assert len([call for call in made.asked if call.kind == "tool"]) == 1


@pytest.mark.requirement("DE-14")
def test_an_agent_that_gets_nowhere_ends_in_a_clear_state() -> None:
    script = {n: ask(("look.up", {"n": n})) for n in range(1, 9)}
    made = done(working(script, {"look.up": BAD}))
    assert made.state.status == "failed"
    assert made.state.failure is not None
    assert made.state.failure.code == "agent_stuck"
    assert len([call for call in made.asked if call.kind == "model"]) == IN_VAIN


@pytest.mark.requirement("DE-13")
def test_in_its_last_turn_there_are_no_tools_left_to_ask_for() -> None:
    script = {n: ask(("look.up", {"n": n})) for n in range(1, 7)}
    made = done(working({**script, 7: ModelAnswer(text="at last")}))
    asked = [one for one in of(made, ModelRequested) if isinstance(one, ModelRequested)]
    assert [bool(one.tools) for one in asked] == [True] * 5 + [False, False]
    answers = [one for one in of(made, ModelAnswered) if isinstance(one, ModelAnswered)]
    assert "no more tools" in answers[5].problem
    assert made.output == "at last"
    made = done(working({n: ask(("look.up", {"n": n})) for n in range(1, 99)}))
    assert made.state.failure is not None
    assert made.state.failure.code == "turns_spent"
    assert "After 5 turns" in made.state.failure.message


@pytest.mark.requirement("DE-13", "DX-06")
def test_turns_are_kept_when_only_the_provider_was_away() -> None:
    script: Script = {1: ask(("look.up", {})), 2: DOWN}
    made = working(script)
    for _ in range(3):
        made.step()
    assert made.state.steps["a"].waits == "retry"
    made.effect = lambda call, args: ModelAnswer(text="after all")
    done(made)
    assert made.output == "after all"
    assert [call.kind for call in made.asked] == ["model", "tool", "model", "model"]


@pytest.mark.requirement("DE-13")
def test_a_wrong_answer_after_the_last_correction_begins_anew_only_when_told() -> None:
    text = (
        "steps: [{id: a, agent: worker, prompt: Do it., corrections: 1,"
        " output: {type: object, required: [n]}}]"
    )
    script = {1: ask(("look.up", {})), **{n: ModelAnswer(text="no") for n in range(2, 9)}}
    made = done(working(script, text=text))
    assert made.state.failure is not None
    assert made.state.failure.code == "answer_invalid"
    assert len([call for call in made.asked if call.kind == "model"]) == 3


@pytest.mark.requirement("DE-13", "DX-06")
@pytest.mark.parametrize("command", [Retry("a"), Repair("a", "by hand")])
def test_a_call_of_unknown_outcome_waits_for_a_person_and_the_turns_stay(
    command: Retry | Repair,
) -> None:
    made = working({1: ask(("once.pay", {"eur": 1}), ("look.up", {}))})
    made.step()
    made.crash()
    made.run()
    assert (made.state.status, made.state.dead) == ("waiting", ["a"])
    assert [call.name for call in made.asked if call.kind == "tool"] == []
    made.tell(command)
    done(made)
    tools = [call.name for call in made.asked if call.kind == "tool"]
    if isinstance(command, Retry):
        assert sorted(tools) == ["look.up", "once.pay"]
        assert [turn_of(call) for call in made.asked if call.kind == "model"] == [1, 2]
    assert made.output == ("done" if isinstance(command, Retry) else "by hand")


@pytest.mark.requirement("DE-13")
def test_a_tool_that_may_have_done_it_is_a_persons_matter_and_one_to_repeat_is_not() -> None:
    made = working({1: ask(("once.pay", {}), ("look.up", {}))})
    made.step()
    for call in list(made.state.calls.values()):
        made.give(CallBroke(call.call, DOWN, unknown=True))
    assert made.state.dead == ["a"]
    made = working({1: ask(("look.up", {}))})
    made.step()
    (call,) = made.state.calls.values()
    made.give(CallBroke(call.call, DOWN, unknown=True))
    assert done(made).output == "done"


@pytest.mark.requirement("DE-13", "GR-07")
def test_a_dear_tool_counts_against_the_budget() -> None:
    script = {n: ask(("dear.ask", {"n": n})) for n in range(1, 5)}
    poor = Agent(name="worker", instructions="", tools=("dear.*",), budget_usd=2_500)
    made = done(working(script, agent=poor))
    assert made.state.failure is not None
    assert made.state.failure.code == "budget_exceeded"
    assert made.state.usd == 2_000


@pytest.mark.requirement("DE-13")
def test_turns_count_against_the_budget_before_they_are_asked() -> None:
    poor = Agent(
        name="worker", instructions="", tools=("look.*",), budget_tokens=9_000, max_output=1_000
    )
    big = {"look.up": "x" * 5_000}
    script = {n: ask(("look.up", {"n": n})) for n in range(1, 5)}
    made = done(working(script, big, agent=poor))
    assert made.state.failure is not None
    assert made.state.failure.code == "budget_exceeded"


@pytest.mark.requirement("DE-13")
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_cancelled_agent_makes_no_further_call(steps: int) -> None:
    made = working({1: ask(("look.up", {}), ("look.in", {}))})
    for _ in range(steps):
        made.step()
    made.tell(Cancel("enough"))
    for call in list(made.state.calls.values()):
        made.give(CallBroke(call.call, BAD, unknown=True))
    done(made)
    assert made.state.status == "cancelled"
    assert len(made.asked) == steps


@pytest.mark.requirement("DE-13", "DX-06")
def test_the_timeout_of_a_step_ends_all_its_calls() -> None:
    text = "steps: [{id: a, agent: worker, prompt: Do it., timeout: 5s}]"
    made = working({1: ask(("look.up", {}), ("look.in", {}))}, text=text)
    made.step()
    made.expire()
    assert made.state.calls == {}
    assert done(made).state.failure is not None
    assert made.state.failure is not None
    assert made.state.failure.code == "step_timed_out"


@pytest.mark.requirement("DE-13")
def test_a_fork_takes_the_whole_turns_along() -> None:
    script = {1: ask(("look.up", {"n": 1})), 2: ask(("look.up", {"n": 2}), ("look.in", {}))}
    made = working(script)
    for _ in range(4):
        made.step()
    assert len(made.state.steps["a"].turns) == 2
    fork = made.fork(len(made.events), RunForked(RunId("r0"), len(made.events)))
    assert len(fork.state.steps["a"].turns) == 1
    done(fork)
    assert [turn_of(call) for call in fork.asked if call.kind == "model"] == [2, 3]
    assert fork.output == "done"


@pytest.mark.requirement("DE-10", "DE-13")
def test_thoughts_are_kept_and_sent_back_and_large_values_are_fetched() -> None:
    large = "x" * (INLINE_LIMIT + 10)
    first = ModelAnswer(
        text=large,
        asks=(ToolAsk("c", "look.up", {"q": large}),),
        thoughts=(Thought("I wonder.", "sealed", "anthropic"),),
    )
    made = working({1: first}, {"look.up": large * 3})
    made.step()
    made.crash()
    made.step()
    made.crash()
    run = made.state.steps["a"]
    for body in made.stored.items():
        made.values.setdefault(body[0], decode(body[1]))
    said = messages(WORKER, "Do it.", run.turns, lambda one: unpack(one, made.values), TOOLS)
    assert said[2].thoughts == first.thoughts
    assert said[2].asks == first.asks
    assert "(cut: " in said[3].text
    assert done(made).output == "done"


@pytest.mark.requirement("DE-13", "TL-06")
def test_what_comes_from_outside_is_marked_off_from_instructions() -> None:
    outside = {**TOOLS, "look.up": msgspec.structs.replace(TOOLS["look.up"], trust="untrusted")}
    made = working({1: ask(("look.up", {}), ("look.in", {}))})
    for _ in range(3):
        made.step()
    turns = made.state.steps["a"].turns
    said = messages(WORKER, "Do it.", turns, lambda one: unpack(one, made.values), outside)
    assert ["<<material " in one.text for one in said if one.role == "tool"] == [True, False]
