"""Predicted against actual cost, as the command line shows it."""

import json

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

PRICED = "prices: {offline: {input: 1, output: 8}}\n"
FLOW = """\
name: notes
steps:
  - {id: all, for_each: "{{ range(6) | list }}", as: n, ask: "Write about {{ n }} boats."}
"""


@pytest.mark.requirement("LG-06", "OB-05")
def test_the_error_of_predictions_is_told(desk: Desk) -> None:
    desk.write("kapell.yaml", PRICED)
    desk.write("notes.yaml", FLOW)
    nothing = desk.call("costs", "--accuracy")
    assert "No model has answered" in nothing.out + nothing.err
    for _ in range(3):
        assert desk.call("run", "notes.yaml").code == Exit.OK
    first, *_, last = [
        json.loads(desk.call("costs", "--accuracy", "--json", run).out)
        for run in (_oldest(desk), "last")
    ]
    assert first["calls"] == last["calls"] == 6
    assert 0 <= last["error"] < first["error"]
    assert last["error"] <= last["call_error"]
    shown = desk.call("costs", "--accuracy", "--by", "step").out
    assert "PREDICTED" in shown and "a run's error" in shown


@pytest.mark.requirement("LG-06")
def test_the_next_run_is_foreseen_from_those_before(desk: Desk) -> None:
    desk.write("kapell.yaml", PRICED)
    desk.write("notes.yaml", FLOW)
    nothing = desk.ok("costs", "--forecast", "notes")
    assert "nothing is known" in nothing.out + nothing.err
    for _ in range(2):
        desk.ok("run", "notes.yaml")
    found = json.loads(desk.ok("costs", "--forecast", "notes", "--json").out)
    paid = json.loads(desk.ok("costs", "last", "--json").out)["usd"]
    assert found["runs"] == 2
    assert found["usd"] == pytest.approx(paid)
    assert found["low_usd"] <= found["usd"] <= found["high_usd"]
    assert "from 2 runs" in desk.ok("costs", "--forecast", "notes").out


@pytest.mark.requirement("LG-10")
def test_a_spent_quota_stops_a_run_and_says_until_when(desk: Desk) -> None:
    desk.write("kapell.yaml", "quotas: [{per: user, calls: 2, every: 10000d}]\n")
    desk.write("notes.yaml", FLOW)
    said = desk.call("run", "notes.yaml")
    assert said.code == Exit.FAILED
    assert "quota_spent" in said.out + said.err
    assert "2 of 2 calls" in said.out + said.err


def _oldest(desk: Desk) -> str:
    found = json.loads(desk.call("runs", "list", "--json").out)
    return str(found[-1]["run_id"])
