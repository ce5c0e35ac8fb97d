"""Faulty tool calls are stopped before they run, and an agent mends them from what it is told."""

from collections import Counter
from pathlib import Path

import pytest

from scripts.heal import blind, faulty_calls, healed, rates


def test_the_set_is_100_different_calls_in_five_classes() -> None:
    calls = faulty_calls()
    assert set(Counter(one.group for one in calls).values()) == {20}
    assert len({(one.tool, repr(one.args), one.broken, one.prompt) for one in calls}) == 100
    assert all((one.tool, one.args) != (one.right.tool, one.right.args) for one in calls)


@pytest.mark.slow
@pytest.mark.requirement("DE-14", "TL-05")
async def test_faulty_calls_are_stopped_and_mended(tmp_path: Path) -> None:
    outcomes = await healed(tmp_path, faulty_calls())
    stopped, mended, count = rates(outcomes)["all"]
    assert count == 100
    assert stopped >= 95
    assert mended >= 80


@pytest.mark.slow
@pytest.mark.requirement("DE-14")
async def test_what_the_model_is_told_is_what_mends_them(tmp_path: Path) -> None:
    """The model knows no answers: of the same calls it mends none when it is told nothing."""
    some = faulty_calls()[::4]
    told = rates(await healed(tmp_path / "told", some))["all"]
    untold = rates(await healed(tmp_path / "untold", some, blind))["all"]
    assert told[1] >= 20
    assert (untold[0], untold[1]) == (told[0], 0)
