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


@pytest.mark.requirement("LG-06")
def test_what_a_run_was_foreseen_to_cost_is_kept_beside_what_it_did(desk: Desk) -> None:
    desk.write("kapell.yaml", PRICED)
    desk.write("notes.yaml", FLOW)
    desk.ok("run", "notes.yaml")
    assert "forecast" not in _queued(desk)  # nothing was known yet
    alone = desk.ok("costs", "--accuracy", "--json").document()
    assert (alone["foreseen_runs"], alone["foreseen_error"]) == (0, None)
    paid = desk.ok("costs", "last", "--json").document()["usd"]
    desk.ok("run", "notes.yaml")
    forecast = _queued(desk)["forecast"]
    assert isinstance(forecast, dict)
    assert (forecast["runs"], forecast["usd"] / 10**9) == (1, pytest.approx(paid))
    found = desk.ok("costs", "--accuracy", "--json").document()
    assert (found["foreseen_runs"], found["foreseen_error"]) == (1, pytest.approx(0.0, abs=0.01))
    assert "before it began  0.0 % (1 run)" in desk.ok("costs", "--accuracy", "last").out
    # Another model costs other money than those it was learnt from.
    desk.ok("run", "notes.yaml", "--model", "offline")
    assert "forecast" not in _queued(desk)
    # What another workflow costs says nothing.
    desk.write("other.yaml", FLOW.replace("name: notes", "name: other"))
    desk.ok("run", "other.yaml")
    assert "forecast" not in _queued(desk)


@pytest.mark.requirement("LG-10")
def test_a_spent_quota_stops_a_run_and_says_until_when(desk: Desk) -> None:
    desk.write("kapell.yaml", "quotas: [{per: user, calls: 2, every: 10000d}]\n")
    desk.write("notes.yaml", FLOW)
    said = desk.call("run", "notes.yaml")
    assert said.code == Exit.FAILED
    assert "quota_spent" in said.out + said.err
    assert "2 of 2 calls" in said.out + said.err


def _queued(desk: Desk) -> dict[str, object]:
    first = desk.ok("runs", "events", "last", "--json").out.splitlines()[0]
    payload: dict[str, object] = json.loads(first)["payload"]
    return payload


def _oldest(desk: Desk) -> str:
    found = json.loads(desk.call("runs", "list", "--json").out)
    return str(found[-1]["run_id"])
