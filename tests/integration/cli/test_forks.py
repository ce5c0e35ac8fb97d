"""A fork beside its original: what they share, and whose time is counted."""

from datetime import datetime

import pytest

from tests.integration.cli.desk import Desk

STEPS = """\
name: steps
inputs: {t: {type: file}, n: {type: integer, default: 1}}
steps:
  - {id: slow, wait: {for: 300ms}}
  - {id: first, ask: "Summarise: {{ inputs.n }}"}
  - {id: block, steps: [{id: second, ask: "Summarise: {{ steps.first.output }}"}]}
"""


@pytest.fixture
def original(desk: Desk) -> str:
    """Return a run that has succeeded."""
    desk.write("steps.yaml", STEPS)
    desk.write("tickets.csv", "id\n" + "x" * 8667)
    said = desk.ok("run", "steps.yaml", "--input", "t=tickets.csv", "--json")
    return str(said.document()["run_id"])


@pytest.mark.requirement("DX-08")
def test_a_fork_shares_what_it_copied(original: str, desk: Desk) -> None:
    fork = desk.ok("runs", "fork", original, "--at", "block", "--json").document()
    compared = desk.ok("runs", "compare", original, fork["run_id"], "--json").document()
    lines = desk.ok("runs", "events", fork["run_id"]).out.splitlines()
    (number,) = [at for at, line in enumerate(lines) if "forked from" in line]
    assert compared["shared_events"] == number > 5


@pytest.mark.requirement("DX-08", "OB-07")
def test_a_fork_has_its_own_time(original: str, desk: Desk) -> None:
    whole = desk.ok("runs", "show", original, "--json").document()
    fork = desk.ok("runs", "fork", original, "--at", "block", "--json").document()
    assert fork["created_at"] == fork["started_at"] >= whole["ended_at"]
    own = desk.ok("profile", fork["run_id"], "--json").document()
    lived = datetime.fromisoformat(fork["ended_at"]) - datetime.fromisoformat(fork["created_at"])
    assert own["seconds"] == pytest.approx(lived.total_seconds(), abs=0.002)
    found = {one["step"]: one for one in own["steps"]}
    assert found["first"]["copied"]
    assert found["first"]["working"] == found["slow"]["waiting"] == found["first"]["runs"] == 0
    assert not found["block/second"]["copied"]
    assert own["slowest_step"] == "block/second"
    (row,) = [
        one
        for one in desk.ok("profile", fork["run_id"]).out.splitlines()
        if one.startswith("first ")
    ]
    assert row.split() == ["first", "copied"]
    shown = {one["step"]: one["copied"] for one in fork["steps"]}
    assert shown == {"slow": True, "first": True, "block": False, "block/second": False}


@pytest.mark.requirement("OB-08", "LG-06")
def test_costs_take_the_run_as_others_do(original: str, desk: Desk) -> None:
    del original
    named = desk.ok("costs", "last", "--by", "step")
    assert named.out == desk.ok("costs", "--run", "last", "--by", "step").out
    assert named.out == desk.ok("cost-report", "last", "--by", "step").out
    assert {line.split()[0] for line in named.out.splitlines()[1:-1]} == {"first", "block/second"}
    twice = desk.call("costs", "last", "--run", "other")
    assert "error[run_named_twice]" in twice.err


@pytest.mark.requirement("OB-01")
def test_inputs_and_calls_are_named_as_people_name_them(original: str, desk: Desk) -> None:
    assert "inputs n=1, t=tickets.csv (8.7 kB)" in desk.ok("runs", "show", original).out
    lines = desk.ok("runs", "events", original).out.splitlines()
    budgets = [line for line in lines if "(budget." in line]
    assert len(budgets) == 4
    assert all("first: " in line or "block/second: " in line for line in budgets)
