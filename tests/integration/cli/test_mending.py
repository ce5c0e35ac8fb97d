"""Runs that have ended are mended by other processes: what the log says then, what comes out."""

import json
from typing import Any

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk, Said

FAILING = """\
name: failing
steps:
  - {id: before, set: {v: 1}}
  - {id: read, tool: file.read, with: {path: later.txt}}
  - {id: after, set: {v: "{{ steps.read.output.text }}!"}}
outputs: {got: "{{ steps.after.output.v }}"}
"""
CALLS = """\
name: calls
inputs: {n: {type: integer}}
steps:
  - {id: one, ask: "Summarise: {{ inputs.n }}"}
  - {id: two, set: {v: "{{ inputs.n }}"}}
outputs: {n: "{{ steps.two.output.v }}"}
"""
ENDED = ("run.queued", "run.assigned", "run.started", "run.failed")

Log = list[dict[str, Any]]


def _log(desk: Desk, run: str) -> Log:
    """Return a run's events, read by a process of its own; their numbers have no gap."""
    said = desk.run("runs", "events", run, "--json")
    events: Log = [json.loads(line) for line in said.out.splitlines()]
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    return events


def _of_run(events: Log) -> list[str]:
    return [one["type"] for one in events if one["type"].startswith("run.")]


def _of_path(events: Log, path: str) -> list[str]:
    return [one["type"] for one in events if one["payload"].get("path") == path]


def _failed(desk: Desk) -> str:
    """Return a run that has failed in a process that is gone."""
    desk.write("failing.yaml", FAILING)
    said = desk.run("run", "failing.yaml", "--json")
    assert said.code == Exit.FAILED
    run = str(said.document()["run_id"])
    assert tuple(_of_run(_log(desk, run))) == ENDED
    return run


def _outcome(desk: Desk, said: Said, run: str) -> Any:
    """Return the output that the mending process told, and any other process tells now."""
    assert said.code == Exit.OK, said
    told = said.document()
    shown = desk.run("runs", "show", run, "--json").document()
    assert told["run_id"] == shown["run_id"] == run
    assert (told["status"], told["output"]) == ("succeeded", shown["output"])
    assert (shown["status"], shown["failure"], shown["dead_letters"]) == ("succeeded", None, [])
    (row,) = [one for one in desk.run("runs", "list", "--json").document() if one["run_id"] == run]
    assert (row["status"], row["error_code"]) == ("succeeded", "")
    assert row["ended_at"] == shown["ended_at"]
    assert desk.run("runs", "list", "--dead", "--json").document() == []
    assert desk.run("db", "check").code == Exit.OK
    return shown["output"]


@pytest.mark.slow
@pytest.mark.requirement("WF-05", "DX-07")
def test_a_failed_run_is_tried_again_by_another_process(desk: Desk) -> None:
    run = _failed(desk)
    before = _log(desk, run)
    still = desk.run("runs", "retry", run, "--json")
    assert still.code == Exit.FAILED, "the file is still missing"
    desk.write("later.txt", "there")
    said = desk.run("runs", "retry", run, "read", "--note", "it is there now", "--json")
    assert _outcome(desk, said, run) == {"got": "there!"}
    after = _log(desk, run)
    assert after[: len(before)] == before, "the past stays as it was"
    assert _of_run(after) == [*ENDED, "run.repaired", "run.failed", "run.repaired", "run.succeeded"]
    assert _of_path(after, "before") == ["step.started", "step.succeeded"]
    assert _of_path(after, "after") == ["step.started", "step.succeeded"]
    begun = ["step.started", "tool.requested", "policy.verdict"]
    once = [*begun, "tool.failed", "step.dead", "run.repaired"]
    last = [*begun, "tool.returned", "step.succeeded"]
    again = "step.retry_scheduled"
    assert _of_path(after, "read") == [*once, again, *once, again, *last]
    (note,) = [one["payload"]["note"] for one in after if one["payload"].get("note")]
    assert note == "it is there now"
    refused = desk.run("runs", "retry", run)
    assert (refused.code, "error[dead_letter_unknown]" in refused.err) == (Exit.MISSING, True)
    assert _log(desk, run) == after


@pytest.mark.slow
@pytest.mark.requirement("WF-05", "DX-07")
def test_a_failed_step_is_given_its_result_by_another_process(desk: Desk) -> None:
    run = _failed(desk)
    wrong = desk.run("runs", "repair", run, "before", "--output", "1")
    assert (wrong.code, "error[dead_letter_unknown]" in wrong.err) == (Exit.MISSING, True)
    given = ("--output", '{"text": "by hand"}', "--note", "read by Ada", "--json")
    said = desk.run("runs", "repair", run, "read", *given)
    assert _outcome(desk, said, run) == {"got": "by hand!"}
    after = _log(desk, run)
    assert _of_run(after) == [*ENDED, "run.repaired", "run.succeeded"]
    assert _of_path(after, "read")[-2:] == ["run.repaired", "step.succeeded"]
    (repaired,) = [one for one in after if one["type"] == "run.repaired"]
    assert repaired["actor"].startswith("user:")
    assert (repaired["payload"]["path"], repaired["payload"]["note"]) == ("read", "read by Ada")
    steps = {one["step"]: one for one in said.document()["steps"]}
    assert (steps["read"]["status"], steps["read"]["failure"]) == ("succeeded", None)
    assert steps["read"]["calls"] == 1, "nothing was called again"


@pytest.mark.slow
@pytest.mark.requirement("DX-08")
def test_a_run_that_has_ended_adopts_what_its_fork_came_to(desk: Desk) -> None:
    run = _failed(desk)
    desk.write("later.txt", "there")
    fork = desk.run("runs", "fork", run, "--at", "read", "--json").document()
    past = _log(desk, fork["run_id"])
    assert [one["causation_id"].startswith("copied:") for one in past[:5]] == [True] * 5
    assert _of_run(past)[-2:] == ["run.forked", "run.succeeded"]
    said = desk.run("runs", "merge", run, fork["run_id"], "--json")
    assert _outcome(desk, said, run) == {"got": "there!"}
    after = _log(desk, run)
    assert _of_run(after) == [*ENDED, "run.merged"]
    assert after[-1]["payload"]["run_id"] == fork["run_id"]
    assert _log(desk, fork["run_id"]) == past
    foreign = desk.run("runs", "merge", fork["run_id"], run)
    assert (foreign.code, "error[merge_foreign]" in foreign.err) == (Exit.CONFLICT, True)


@pytest.mark.requirement("DX-08", "WF-11")
def test_a_run_that_waits_asks_nobody_any_more_when_it_has_adopted_an_outcome(desk: Desk) -> None:
    desk.write("ask.yaml", "name: ask\nsteps: [{id: a, approval: {title: Well?}}]\n")
    run = desk.call("run", "ask.yaml", "--json").document()["run_id"]
    fork = desk.call("runs", "fork", run, "--at", "a", "--json").document()["run_id"]
    desk.call("approvals", "answer", fork, "a", "--approve")
    desk.ok("runs", "resume", fork)
    desk.ok("runs", "merge", run, fork)
    assert desk.ok("approvals", "list", "--json").document() == []
    late = desk.call("approvals", "answer", run, "a", "--approve")
    assert (late.code, "error[approval_answered]" in late.err) == (Exit.CONFLICT, True)


@pytest.mark.slow
@pytest.mark.requirement("DX-08", "LG-06")
def test_a_run_that_succeeded_adopts_another_outcome(desk: Desk) -> None:
    desk.write("calls.yaml", CALLS)
    run = desk.run("run", "calls.yaml", "--input", "n=1", "--json").document()
    changed = ("--at", "one", "--input", "n=2", "--json")
    fork = desk.run("runs", "fork", run["run_id"], *changed).document()
    assert (run["output"], fork["output"]) == ({"n": 1}, {"n": 2})
    said = desk.run("runs", "merge", run["run_id"], fork["run_id"], "--json")
    assert _outcome(desk, said, run["run_id"]) == {"n": 2}
    assert _of_run(_log(desk, run["run_id"]))[-2:] == ["run.succeeded", "run.merged"]
    spent = desk.run("costs", run["run_id"], "--json").document()
    assert [one["calls"] for one in spent["groups"]] == [1], "adopting costs nothing"
