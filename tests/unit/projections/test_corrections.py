"""Self-correction: every failure counted, and whether it was set right."""

from collections.abc import Mapping

import pytest

from kapell.core.gateway.calls import ModelAnswer
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.projections.corrections import Corrections, corrections
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import BAD
from tests.unit.core.runs.test_turns import Script, ask, working
from tests.unit.projections.test_turns import seen


def found(made: Simulation, *, ended: bool = True) -> Corrections:
    """Return what became of the failures of a run."""
    return corrections(seen(made), ended=ended)


def ran(script: Script, tools: Mapping[str, Json | Failure] | None = None) -> Corrections:
    """Return what became of the failures of a run that went to its end."""
    made = working(script, tools)
    made.run()
    return found(made)


def outcomes(one: Corrections) -> list[tuple[str, str, int, str]]:
    """Return the faults in short."""
    return [(each.tool, each.kind, each.tries, each.outcome) for each in one.each]


@pytest.mark.requirement("DE-14")
def test_a_name_that_was_wrong_is_mended_by_the_next_success() -> None:
    told = ran({1: ask(("look.pu", {})), 2: ask(("look.up", {}))})
    assert outcomes(told) == [("look.pu", "missing", 1, "mended")]
    assert (told.failures, told.mended, told.rate) == (1, 1, 1.0)


@pytest.mark.requirement("DE-14")
def test_what_was_asked_for_beside_a_failure_does_not_set_it_right() -> None:
    side = ask(("look.in", {"n": 1}), ("look.pu", {}), ("look.up", {}))
    assert outcomes(ran({1: side})) == [("look.pu", "missing", 1, "given_up")]
    way = ran({1: ask(("look.up", {}), ("look.in", {}))}, {"look.up": BAD})
    assert outcomes(way) == [("look.up", "invalid", 1, "given_up")]


@pytest.mark.requirement("DE-14")
def test_another_tool_that_helps_is_another_way_and_none_is_giving_up() -> None:
    bad = {"look.up": BAD}
    way = ran({1: ask(("look.up", {"n": 1})), 2: ask(("look.in", {}))}, bad)
    assert outcomes(way) == [("look.up", "invalid", 1, "other_way")]
    before = ran({1: ask(("look.in", {})), 2: ask(("look.up", {}))}, bad)
    assert outcomes(before) == [("look.up", "invalid", 1, "given_up")]
    assert before.rate == 0.0
    stuck = ran({n: ask(("look.up", {"n": n})) for n in range(1, 9)}, bad)
    assert outcomes(stuck) == [("look.up", "invalid", 3, "given_up")]
    assert stuck.failures == 3


@pytest.mark.requirement("DE-14", "DE-13")
def test_a_wrong_answer_counts_until_a_right_one_comes() -> None:
    told = ran({1: ModelAnswer(text=""), 2: ModelAnswer(text="")})
    assert outcomes(told) == [("", "answer", 2, "mended")]


@pytest.mark.requirement("DE-14")
def test_what_is_under_way_is_open_and_without_faults_there_is_no_rate() -> None:
    made = working({1: ask(("look.up", {}))}, {"look.up": BAD})
    made.step()
    made.step()
    assert outcomes(found(made, ended=False)) == [("look.up", "invalid", 1, "open")]
    assert found(made, ended=False).rate is None
    assert ran({}) == corrections([], ended=True)
