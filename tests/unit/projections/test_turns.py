"""Turns as objects: thought, action and observation apart, as the published schema says."""

import jsonschema_rs
import msgspec
import pytest

from kapell.core.events.value import INLINE_LIMIT, unpack
from kapell.core.gateway.calls import ModelAnswer, Thought, ToolAsk
from kapell.kit.json import decode
from kapell.projections.turns import TurnView, needed, turn_schema, turns
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import BAD, DOWN
from tests.unit.core.runs.test_turns import ask, working


def seen(made: Simulation) -> list[TurnView]:
    """Return a run's turns from its log, with nothing at hand but what they say they need."""
    values = {one.digest: decode(made.stored[one.digest]) for one in needed(made.events)}
    found = turns(made.events, lambda packed: unpack(packed, values))
    validator = jsonschema_rs.validator_for(turn_schema())
    for one in found:
        validator.validate(msgspec.to_builtins(one))
    return found


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


@pytest.mark.requirement("DE-10", "AG-04")
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
