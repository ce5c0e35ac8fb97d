"""What views say of runs that have ended, were tried again, or came from elsewhere."""

from datetime import datetime

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk
from tests.integration.cli.terminal import Terminal

FAILING = """\
name: failing
steps:
  - id: outer
    parallel:
      left:
        - id: each
          for_each: [1, 2, 3]
          as: n
          steps: [{id: read, tool: file.read, with: {path: "later{{ n }}.txt"}}]
      right: [{id: long, wait: {for: 1h}}]
  - {id: after, set: {v: 1}}
"""
ASKING = """\
name: asking
steps:
  - id: each
    for_each: "{{ range(12) | list }}"
    as: n
    concurrency: 12
    steps: [{id: ask, approval: {title: "Item {{ n }}?"}}, {id: then, set: {v: 1}}]
"""
AGAIN = """\
name: again
steps:
  - id: block
    retry: {attempts: 2, backoff: 10ms, on: [missing]}
    on_error: continue
    steps:
      - {id: first, set: {v: 1}}
      - {id: read, tool: file.read, with: {path: later.txt}, retry: {attempts: 1}}
"""
CALLS = """\
name: calls
steps: [{id: one, ask: "Summarise: this"}, {id: two, ask: "Summarise: that"}]
"""
GOING = ("running", "waiting", "assigned", "queued")


@pytest.mark.requirement("WF-08", "OB-01", "AP-03")
@pytest.mark.parametrize("how", ["fails", "is cancelled"])
def test_nothing_goes_on_in_a_run_that_has_ended(how: str, desk: Desk) -> None:
    if how == "fails":
        desk.write("w.yaml", FAILING)
        ended, state = desk.call("run", "w.yaml"), "failed"
        assert ended.code == Exit.FAILED
    else:
        desk.write("w.yaml", ASKING)
        assert desk.call("run", "w.yaml").code == Exit.WAITING
        ended, state = desk.call("runs", "cancel", "last"), "cancelled"
        assert ended.code == Exit.CANCELLED
    shown = desk.ok("runs", "show", "last").out
    tree = shown.partition("STEP")[2].partition("\n\n")[0].splitlines()[1:]
    assert tree
    assert not any(word in line.split() for line in tree for word in GOING), tree
    document = desk.ok("runs", "show", "last", "--json").document()
    assert {one["step"]: one["status"] for one in document["steps"] if one["status"] in GOING} == {}
    assert [one["live"] for one in document["steps"]] == [0] * len(document["steps"])
    assert all(one["ended_at"] for one in document["steps"])
    assert document["status"] == state
    assert desk.ok("runs", "list", "--json").document()[0]["status"] == state
    live = Terminal(desk.folder, "runs", "watch", "last")
    assert live.end() == ended.code
    drawn = live.text.rpartition("outer" if how == "fails" else "each")[2]
    assert not any(sign in drawn for sign in ("▶", "⏸", "·")), drawn


@pytest.mark.requirement("WF-11")
def test_items_are_listed_by_their_numbers(desk: Desk) -> None:
    desk.write("w.yaml", ASKING)
    assert desk.call("run", "w.yaml").code == Exit.WAITING
    asked = desk.ok("approvals", "list", "--json").document()
    assert [one["path"] for one in asked] == [f"each[{number}]/ask" for number in range(12)]
    answered = desk.ok("approvals", "answer", "last", "--all", "--approve", "--json").document()
    assert answered["paths"] == [one["path"] for one in asked]


@pytest.mark.requirement("WF-08")
def test_a_second_attempt_stands_below_its_step(desk: Desk) -> None:
    desk.write("again.yaml", AGAIN)
    desk.call("run", "again.yaml")
    assert "block#2/read" in desk.ok("runs", "events", "last").out
    tree = desk.ok("runs", "show", "last").out.partition("STEP")[2].splitlines()[1:4]
    assert [line.split()[:2] for line in tree] == [["✗", "block"], ["✓", "first"], ["✗", "read"]]
    assert [len(line) - len(line.lstrip()) for line in tree] == [0, 2, 2]
    steps = desk.ok("runs", "show", "last", "--json").document()["steps"]
    assert [one["step"] for one in steps] == ["block", "block/first", "block/read"]


@pytest.mark.requirement("DX-08", "OB-08")
def test_an_imported_run_keeps_its_time(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: pause, wait: {for: 300ms}}]\n")
    desk.ok("run", "w.yaml")
    desk.ok("runs", "export", "last", "--to", "run.kapell")
    (before,) = desk.ok("runs", "list", "--json").document()
    (desk.folder / "other").mkdir()
    desk.ok("runs", "import", "run.kapell", "--workspace", "other")
    (after,) = desk.ok("runs", "list", "--workspace", "other", "--json").document()
    assert after["ended_at"] == before["ended_at"]
    for moment in ("created_at", "updated_at"):
        began, was = (datetime.fromisoformat(one[moment]) for one in (after, before))
        assert abs((began - was).total_seconds()) < 0.1, moment
    _, row = desk.ok("runs", "list", "--workspace", "other").out.splitlines()
    shown = desk.ok("runs", "show", "last", "--workspace", "other", "--json").document()
    assert after["created_at"] == shown["created_at"]
    began, took = shown["created_at"][:19].split("T"), row.split()[5]
    assert row.split()[3:5] == began
    assert took.endswith("ms")
    assert 300 <= int(took.removesuffix("ms")) < 1000


@pytest.mark.requirement("OB-08", "DX-08")
def test_an_imported_fork_counts_its_own_calls_alone(desk: Desk) -> None:
    desk.write("calls.yaml", CALLS)
    original = desk.ok("run", "calls.yaml", "--json").document()
    fork = desk.ok("runs", "fork", "last", "--at", "two", "--json").document()
    assert fork["tokens"] == next(
        one["tokens"] for one in original["steps"] if one["step"] == "two"
    )
    assert [one["tokens"] for one in fork["steps"]] == [0, fork["tokens"]]
    here = desk.ok("costs", "last", "--by", "step", "--json").document()
    assert [one["group"] for one in here["groups"]] == ["two"]
    desk.ok("runs", "export", "last", "--to", "fork.kapell")
    (desk.folder / "other").mkdir()
    desk.ok("runs", "import", "fork.kapell", "--workspace", "other")
    there = desk.ok("costs", "last", "--by", "step", "--json", "--workspace", "other").document()
    assert there == here
    listed = desk.ok("runs", "list", "--json", "--workspace", "other").document()[0]
    assert listed["forked_from"] == original["run_id"]
    assert listed["created_at"] == fork["created_at"]
