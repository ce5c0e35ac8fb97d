"""Twenty questions at once: whatever order answers come in, they join as if they came in turn."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.approvals.question import Question, call_digest
from kapell.core.gateway.calls import ModelAnswer
from kapell.core.runs.commands import Answer
from kapell.core.runs.inputs import TimePassed
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.drawing import examples
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import sim
from tests.unit.core.runs.test_turns import ask, working

MANY = 20
ASKED = Question(rule="r", why="w", expires=3600)
FAN = (
    "- {id: a, for_each: '{{ inputs.n }}', concurrency: 3, on_item_error: collect, tool: send,"
    " with: {n: '{{ item }}'}}"
)


@dataclass(frozen=True)
class Said:
    """What becomes of one question: ``late`` lets it expire, ``n`` is what the call is changed to.

    ``twice`` repeats the answer, ``crash`` loses the worker after it.
    """

    approved: bool
    edit: int | None
    late: bool
    twice: bool
    crash: bool

    def comes_to(self, number: int) -> Json:
        """Return what the call comes to: its argument, or the code it fails with."""
        if self.late:
            return "approval_expired"
        if not self.approved:
            return "approval_rejected"
        return number if self.edit is None else self.edit


SAID = st.builds(
    Said,
    st.booleans(),
    st.none() | st.integers(100, 120),
    st.booleans(),
    st.booleans(),
    st.sampled_from([False] * 9 + [True]),
)


def _held(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer | Question:
    return args if call.approved == call_digest(call.name, args) else ASKED


def _answered(made: Simulation, order: list[int], keys: list[str], said: list[Said]) -> None:
    """Answer in an order, some twice, with crashes between; then let the rest expire."""
    for place in order:
        one, key = said[place], keys[place]
        if one.late:
            continue
        data: Json = None if one.edit is None or not one.approved else {"n": one.edit}
        for _ in range(2 if one.twice else 1):
            made.tell(Answer(key, one.approved, data=data))
        if one.twice:
            made.tell(Answer(key, not one.approved), "user:other")
        if one.crash:
            made.crash()
        if place % 3 == 0:
            _work(made)
    _work(made)
    if any(one.late for one in said):
        made.now += 7200
        made.give(TimePassed())
        made.tell(Answer(keys[0], approved=True))
        _work(made)
    checked(made)


def _work(made: Simulation) -> None:
    while made.state.calls:
        made.step()


@pytest.mark.requirement("WF-11", "GR-10")
@settings(max_examples=examples(25), deadline=None)
@given(st.permutations(range(MANY)), st.lists(SAID, min_size=MANY, max_size=MANY))
def test_twenty_items_join(order: list[int], said: list[Said]) -> None:
    made = sim(FAN, _held, {"n": list(range(MANY))})
    made.claim()
    _work(made)
    keys = [f"a[{number}]#1/1" for number in range(MANY)]
    assert sorted(made.state.questions) == sorted(keys)
    assert made.state.status == "waiting"
    _answered(made, order, keys, said)
    assert made.state.status == "succeeded"
    output = made.output
    assert isinstance(output, list)
    got = [
        one["output"]["n"] if one["status"] == "succeeded" else one["error"]["code"]
        for one in output
        if isinstance(one, dict)
    ]
    assert got == [one.comes_to(number) for number, one in enumerate(said)]
    _once(made, said)


@pytest.mark.requirement("WF-11", "GR-10")
@settings(max_examples=examples(25), deadline=None)
@given(st.permutations(range(MANY)), st.lists(SAID, min_size=MANY, max_size=MANY))
def test_twenty_calls_of_one_turn_join(order: list[int], said: list[Said]) -> None:
    asks = [("look.up", {"n": number}) for number in range(MANY)]
    made = working({1: ask(*asks)})
    usual = made.effect
    made.effect = lambda call, args: _held(call, args) if call.kind == "tool" else usual(call, args)
    _work(made)
    keys = sorted(made.state.questions, key=lambda one: int(one.rpartition("/")[2]))
    assert len(keys) == MANY
    _answered(made, order, keys, said)
    assert made.output == "done"
    _once(made, said)


def _once(made: Simulation, said: list[Said]) -> None:
    """Assert that what was let through was called, once, and nothing else was."""
    carried = [getattr(c.prompt, "value", {})["n"] for c in made.asked if c.approved]
    wanted = [one.comes_to(number) for number, one in enumerate(said)]
    assert sorted(carried) == sorted(n for n in wanted if isinstance(n, int))
    assert made.types.count("approval.answered") == sum(not one.late for one in said)
    assert made.types.count("approval.expired") == sum(one.late for one in said)
