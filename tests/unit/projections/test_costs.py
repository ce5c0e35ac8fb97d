"""Costs by group add up to the nano-dollar."""

from typing import get_args

import pytest

from kapell.projections.costs import By, costs
from tests.unit.projections.histories import PAID, until_asked


@pytest.mark.requirement("OB-08", "LG-06")
def test_groups_add_up_to_what_the_machine_booked() -> None:
    sim = until_asked()
    view = costs(sim.events)
    assert view.usd == sim.state.usd == 3 * 20_000
    for by in get_args(By):
        groups = view.groups(by)
        assert sum(group.usd for group in groups) == sim.state.usd
        assert sum(group.tokens for group in groups) == sim.state.tokens


@pytest.mark.requirement("OB-08")
def test_each_way_of_grouping() -> None:
    view = costs(until_asked().events)
    assert [(one.group, one.calls) for one in view.groups("provider")] == [
        ("openai", 3),  # a fourth found nobody, and cost nothing
        ("offline", 3),
    ]
    assert [one.group for one in view.groups("model")] == [PAID, "offline"]
    assert [(one.group, one.usd) for one in view.groups("step")] == [
        ("classify", 60_000),
        ("replies/draft", 0),
    ]
    assert {one.group for one in view.groups("agent")} == {"", "writer"}
    paid = view.groups("model")[0]
    assert (paid.input_tokens, paid.output_tokens) == (30, 15)
