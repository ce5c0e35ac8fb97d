"""Turns as objects: thought, action and observation apart, as the published schema says."""

import random

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.events.value import INLINE_LIMIT, unpack
from kapell.core.gateway.calls import ModelAnswer, Thought, ToolAsk
from kapell.core.runs.commands import ChildOutcome
from kapell.kit.errors import Failure
from kapell.kit.json import Json, decode
from kapell.projections.turns import TurnView, needed, turn_schema, turns
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked, money_holds
from tests.unit.core.runs.running import BAD, DOWN
from tests.unit.core.runs.test_delegation import boss, children, told
from tests.unit.core.runs.test_turns import ask, working


def seen(made: Simulation) -> list[TurnView]:
    """Return a run's turns from its log, with nothing at hand but what they say they need."""
    values = {one.digest: decode(made.stored[one.digest]) for one in needed(made.events)}
    found = turns(made.events, lambda packed: unpack(packed, values))
    validator = jsonschema_rs.validator_for(turn_schema())
    for one in found:
        validator.validate(msgspec.to_builtins(one))
    return found


@pytest.mark.requirement("DE-10", "DE-13", "AG-13")
def test_what_other_agents_answered_is_observed_too() -> None:
    asks = ask(("agent.scout", {"task": "Look."}), ("agent.clerk", {"task": "Write."}))
    made = boss({1: asks, 2: ask(("agent.scout", {"task": "Go on."}))})
    made.step()
    scout, clerk = children(made)
    assert [action.observation for action in seen(made)[0].actions] == [None, None]
    large = "x" * (INLINE_LIMIT + 1)
    made.tell(told(scout, large))
    made.tell(ChildOutcome(clerk.run_id, clerk.call, "failed", None, BAD, 7, 3))
    made.run()
    (one, two) = seen(made)
    assert [(action.run, action.call) for action in one.actions] == [
        (scout.run_id, scout.call),
        (clerk.run_id, clerk.call),
    ]
    found = [action.observation for action in one.actions]
    assert [(each.status, each.output, each.code) for each in found if each is not None] == [
        ("returned", large, ""),
        ("failed", None, BAD.code),
    ]
    (again,) = two.actions
    assert (again.tool, again.run != "", again.observation) == ("agent.scout", True, None)


@pytest.mark.requirement("DE-10", "DE-13")
def test_what_an_agent_thought_did_and_saw_is_data() -> None:
    large = "x" * (INLINE_LIMIT + 1)
    first = ModelAnswer(
        text="I look.",
        asks=(ToolAsk("a", "look.up", {"q": large}), ToolAsk("b", "look.in", {"q": 2})),
        thoughts=(Thought("Where is it?", "sealed", "anthropic"),),
    )
    made = working({1: first, 2: DOWN}, {"look.in": BAD, "look.up": large})
    made.run()
    one, two, three = seen(made)
    assert (one.outcome, one.thought.text, one.thought.reasoning) == (
        "acted",
        "I look.",
        ("Where is it?",),
    )
    up, inside = one.actions
    assert (up.tool, up.args, up.observation and up.observation.output) == (
        "look.up",
        {"q": large},
        large,
    )
    assert inside.observation is not None
    assert (inside.observation.status, inside.observation.kind) == ("failed", "invalid")
    assert (two.outcome, two.problem, two.attempt) == ("failed", "It is down.", 1)
    assert (three.outcome, three.attempt, three.turn) == ("failed", 2, 2)
    # What a provider wants back word for word is nobody's business.
    assert "sealed" not in str(msgspec.to_builtins(one))


@pytest.mark.requirement("DE-10")
def test_wrong_and_unfinished_turns_say_so() -> None:
    made = working({1: ask(("look.up", {})), 2: ModelAnswer(text="")})
    assert [one.outcome for one in seen(made)] == ["asked"]
    made.step()
    (only,) = seen(made)
    assert [action.observation for action in only.actions] == [None]
    made.step()
    made.step()
    outcomes = [(one.outcome, one.problem) for one in seen(made)]
    assert outcomes[:2] == [("acted", ""), ("wrong", "the answer was empty")]


ASKS = st.lists(
    st.tuples(
        st.sampled_from(["look.up", "look.in", "dear.ask", "secret.read"]), st.integers(0, 2)
    ),
    min_size=1,
    max_size=3,
)


def plain(made: Simulation) -> list[object]:
    """Return a run's turns without what luck and crashes put into them."""
    found: list[object] = []
    for one in seen(made):
        if one.outcome == "failed" and one.problem == "lost":
            continue
        actions = [
            (a.tool, a.args, a.observation and (a.observation.output, a.observation.code))
            for a in one.actions
        ]
        found.append([one.turn, one.outcome, one.problem, actions, one.answer])
    return found


@pytest.mark.requirement("DX-04", "DE-13")
@given(
    script=st.lists(ASKS, max_size=7),
    broken=st.sets(st.sampled_from(["look.up", "look.in"])),
    seed=st.integers(0, 2**32),
)
def test_crashes_and_the_order_of_results_change_no_turn(
    script: list[list[tuple[str, int]]], broken: set[str], seed: int
) -> None:
    answers = {n: ask(*asks) for n, asks in enumerate(script, start=1)}
    tools: dict[str, Json | Failure] = dict.fromkeys(broken, BAD)
    quiet = working(answers, tools, price=1_000_000)
    quiet.run()
    luck = random.Random(seed)  # noqa: S311 - no secret
    loud = working(answers, tools, price=1_000_000)
    for _ in range(200):
        calls = list(loud.state.calls.values())
        if not calls:
            break
        chosen = luck.choice(calls)
        trouble = luck.randrange(6)
        if trouble == 0:
            loud.crash()
        elif trouble == 1:
            loud.lose(chosen)
        else:
            loud.answer(chosen)
        checked(loud)
    money_holds(loud)
    assert plain(loud) == plain(quiet)
    assert loud.state.status == quiet.state.status
    assert loud.output == quiet.output
