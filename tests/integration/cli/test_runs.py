"""Commands about runs, on a real store, in one process."""

import gzip
import json
import os
import re
import sys
from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from kapell.core.events.published import event_schema
from kapell.core.workflows.schemas import problem_of
from tests.integration.cli.desk import Desk

ASKING = """\
name: asking
inputs: {n: {type: integer, default: 1}}
steps:
  - {id: first, set: {v: "{{ inputs.n * 2 }}"}}
  - id: ask
    approval:
      title: "Use {{ steps.first.output.v }}?"
      data: {text: "It is {{ steps.first.output.v }}", count: 1}
      edit: [text]
  - {id: last, set: {v: "{{ steps.ask.output.data.text if steps.ask.output.approved else 'no' }}"}}
outputs: {said: "{{ steps.last.output.v }}"}
"""
FRAGILE = """\
name: fragile
on_failure: hold
steps:
  - {id: read, tool: file.read, with: {path: later.txt}}
  - {id: use, set: {v: "{{ steps.read.output.text }}"}}
"""
PAID = """\
name: paid
steps:
  - {id: wait, wait: {signal: paid}}
  - {id: after, set: {v: "{{ steps.wait.output.amount }}"}}
"""
ITEMS = """\
name: items
steps:
  - {id: each, for_each: [1, 2, 3], as: n, concurrency: 2, ask: "Summarise: number {{ n }}"}
  - {id: sum, set: {v: "{{ steps.each.output | length }}"}}
"""


@pytest.fixture
def asked(desk: Desk) -> str:
    """Return a run that waits for an answer."""
    desk.write("workflows/asking.yaml", ASKING)
    said = desk.call("run", "asking", "--input", "n=21", "--json")
    assert said.code == Exit.WAITING
    return str(said.document()["run_id"])


@pytest.mark.requirement("WF-08", "AP-03")
def test_run_tells_how_it_goes_and_what_came_out(desk: Desk) -> None:
    desk.write("items.yaml", ITEMS)
    said = desk.ok("run", "items.yaml")
    assert "each: started with 3 items" in said.out
    assert "each: done, 3 items" in said.out
    assert "each[0]" not in said.out
    assert "succeeded  " in said.out
    assert '"v": 3' in said.out
    document = desk.ok("run", "items.yaml", "--json").document()
    assert document["output"] == {"v": 3}
    assert document["exit_code"] == 0
    assert {one["step"]: one["ended"] for one in document["steps"]} == {
        "each": {"succeeded": 3},
        "sum": {"succeeded": 1},
    }
    assert json.loads(desk.ok("run", "items.yaml", "--quiet").out) == {"v": 3}


@pytest.mark.requirement("WF-11")
def test_a_run_that_needs_an_answer_prints_the_command_that_gives_it(desk: Desk) -> None:
    desk.write("workflows/asking.yaml", ASKING)
    said = desk.call("run", "asking")
    assert said.code == Exit.WAITING
    (line,) = [one for one in said.out.splitlines() if "approvals answer" in one and "ask'" in one]
    words = line.split()[1:]
    answered = desk.ok(*[word.strip("'") for word in words])
    assert "approved  ask" in answered.out
    resumed = desk.ok("runs", "resume", "last")
    assert '"said": "It is 2"' in resumed.out
    assert "first: done" not in resumed.out, "the past is no news"


@pytest.mark.requirement("WF-11")
def test_answers_can_change_what_may_be_changed(asked: str, desk: Desk) -> None:
    (row,) = desk.ok("approvals", "list", "--json").document()
    assert (row["path"], row["title"]) == ("ask", "Use 42?")
    assert row["data"] == {"text": "It is 42", "count": 1}
    refused = desk.call("approvals", "answer", asked, "--approve", "--edit", "count=2")
    assert refused.code == Exit.INVALID
    assert "error[approval_edit]" in refused.err
    assert desk.call("approvals", "answer", asked).code == Exit.INVALID
    desk.ok("approvals", "answer", asked, "--approve", "--edit", "text=Mine", "--note", "better")
    assert desk.ok("runs", "resume", asked, "--json").document()["output"] == {"said": "Mine"}
    assert desk.ok("approvals", "list").out == ""
    (row,) = desk.ok("approvals", "list", "--all", "--json").document()
    assert row["answer"] == "approved"
    assert row["by"].startswith("user:")
    again = desk.call("approvals", "answer", asked, "ask", "--reject")
    assert again.code == Exit.CONFLICT


def test_large_data_of_an_approval_is_shown_whole(desk: Desk) -> None:
    text = ASKING.replace('"It is {{ steps.first.output.v }}"', "\"{{ 'long ' * 9000 }}\"")
    desk.write("asking.yaml", text)
    assert desk.call("run", "asking.yaml").code == Exit.WAITING
    (row,) = desk.ok("approvals", "list", "--json").document()
    assert row["data"] == {"text": "long " * 9000, "count": 1}


@pytest.mark.requirement("WF-11")
def test_a_rejection_is_an_answer_too(asked: str, desk: Desk) -> None:
    desk.ok("approvals", "answer", "last", "--reject", "--note", "no")
    assert desk.ok("runs", "resume", asked, "--json").document()["output"] == {"said": "no"}


def test_yes_approves_and_says_so(desk: Desk) -> None:
    desk.write("workflows/asking.yaml", ASKING)
    assert "Approved 1 request for you (--yes)." in desk.ok("run", "asking", "--yes").out


@pytest.mark.requirement("AP-03", "WF-01")
def test_the_plans_own_words(desk: Desk) -> None:
    desk.ok("init")
    said = desk.ok("workflow", "--file", "workflows/deploy_app.yaml", "--params", "env=prod")
    assert "succeeded  " in said.out
    assert "Deploy Full Application" in desk.ok("status").out
    assert "succeeded" in desk.ok("status", "last").out
    assert "succeeded" in desk.ok("monitor", "--execution-id", "last").out
    assert desk.ok("cost-report", "--by", "step").out == desk.ok("costs", "--by", "step").out
    assert desk.ok("profile-report", "last").out == desk.ok("profile", "last").out
    registry = desk.ok("agent-registry", "--library").out
    assert "orchestrator" in registry
    assert registry == desk.ok("agents", "list", "--library").out


@pytest.mark.requirement("WF-08")
def test_runs_are_listed_and_found_by_parts_of_their_id(asked: str, desk: Desk) -> None:
    desk.ok("run", "asking", "--yes")
    found = desk.ok("runs", "list", "--json").document()
    assert [one["status"] for one in found] == ["succeeded", "waiting"]
    assert [
        one["run_id"] for one in desk.ok("runs", "list", "--status", "waiting", "--json").document()
    ] == [asked]
    assert desk.ok("runs", "list", "--workflow", "other", "--json").document() == []
    assert desk.ok("runs", "show", asked[-8:], "--json").document()["run_id"] == asked
    assert desk.ok("runs", "show", "last", "--json").document()["status"] == "succeeded"
    ambiguous = desk.call("runs", "show", asked[:3])
    assert ambiguous.code == Exit.INVALID
    assert "error[run_ambiguous]" in ambiguous.err
    assert desk.call("runs", "show", "zzzz").code == Exit.MISSING
    wrong = desk.call("runs", "list", "--status", "wating")
    assert "Did you mean `waiting`?" in wrong.err


@pytest.mark.requirement("OB-01")
def test_events_and_trace_of_a_run(asked: str, desk: Desk) -> None:
    lines = [
        json.loads(line) for line in desk.ok("runs", "events", asked, "--json").out.splitlines()
    ]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert [problem_of(event_schema(), line) for line in lines] == [""] * len(lines)
    assert lines[0]["time"].startswith("20")
    assert lines[0]["type"] == "run.queued"
    assert lines[-1]["type"] == "run.waiting"
    assert "ask: asks: Use 42?" in desk.ok("runs", "events", asked).out
    assert len(desk.ok("runs", "events", asked, "--after", "3").out.splitlines()) == len(lines) - 3
    assert "step first" in desk.ok("runs", "show", asked, "--trace").out
    desk.ok("runs", "export", asked, "--otlp", "--to", "trace.json")
    document = json.loads((desk.folder / "trace.json").read_text("utf-8"))
    names = [one["name"] for one in document["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    assert "step first" in names


@pytest.mark.requirement("WF-08")
def test_cancel_and_restart(asked: str, desk: Desk) -> None:
    cancelled = desk.call("runs", "cancel", asked, "--reason", "enough")
    assert cancelled.code == Exit.CANCELLED
    assert "cancelled" in cancelled.out
    assert "enough" in cancelled.out
    again = desk.call("runs", "cancel", asked)
    assert again.code == Exit.CONFLICT
    assert "error[run_ended]" in again.err
    restarted = desk.ok("runs", "restart", asked, "--yes", "--json").document()
    assert restarted["run_id"] != asked
    assert restarted["inputs"] == {"n": 21}
    assert restarted["output"] == {"said": "It is 42"}


@pytest.mark.requirement("DX-08")
def test_fork_compare_and_merge(asked: str, desk: Desk) -> None:
    other = desk.ok("runs", "fork", asked, "--at", "first", "--input", "n=1", "--yes", "--json")
    fork = other.document()
    assert fork["forked_from"] == asked
    assert fork["output"] == {"said": "It is 2"}
    compared = desk.ok("runs", "compare", asked, fork["run_id"], "--json").document()
    assert not compared["same_inputs"]
    assert compared["parted_at"] == "first"
    assert "they part at step first" in desk.ok("runs", "compare", asked, "last").out
    merged = desk.ok("runs", "merge", asked, fork["run_id"], "--json").document()
    assert merged["run_id"] == asked
    assert merged["output"] == {"said": "It is 2"}
    strange = desk.call("runs", "merge", fork["run_id"], asked)
    assert strange.code == Exit.CONFLICT
    missing = desk.call("runs", "fork", asked, "--at", "nowhere")
    assert missing.code == Exit.MISSING


@pytest.mark.requirement("DX-06")
def test_retry_and_repair_mend_what_failed(desk: Desk) -> None:
    desk.write("fragile.yaml", FRAGILE)
    for mend in (["repair", "last", "read", "--output", '{"text": "mine"}'], ["retry", "last"]):
        said = desk.call("run", "fragile.yaml")
        assert said.code == Exit.WAITING
        assert "kapell runs retry" in said.out
        desk.write("later.txt", "there now")
        mended = desk.ok("runs", *mend, "--note", "by hand", "--json").document()
        assert mended["output"]["v"] in ("mine", "there now")
        (desk.folder / "later.txt").unlink()
    assert desk.call("runs", "retry", "last").code == Exit.MISSING


def test_a_failed_run_says_where_and_what_to_do(desk: Desk) -> None:
    desk.write(
        "broken.yaml", FRAGILE.replace("on_failure: hold\n", "").replace("fragile", "broken")
    )
    said = desk.call("run", "broken.yaml")
    assert said.code == Exit.FAILED
    assert "error[file_missing]" in said.err
    assert "--> step read" in said.err
    assert "kapell runs show" in said.out
    document = desk.call("run", "broken.yaml", "--json").document()
    assert document["failure"]["code"] == "file_missing"
    assert document["exit_code"] == 1


def test_signals_reach_a_run(desk: Desk) -> None:
    desk.write("paid.yaml", PAID)
    said = desk.call("run", "paid.yaml")
    assert said.code == Exit.WAITING
    assert "runs signal" in said.out
    done = desk.ok("runs", "signal", "last", "paid", "--payload", '{"amount": 5}', "--json")
    assert done.document()["output"] == {"v": 5}


@pytest.mark.requirement("DX-02")
def test_the_same_key_is_the_same_run(desk: Desk) -> None:
    desk.write("workflows/asking.yaml", ASKING)
    words = ("run", "asking", "--key", "k1", "--input", "n=1", "--yes")
    first = desk.ok(*words, "--json").document()["run_id"]
    second = desk.ok(*words)
    assert first in second.out
    assert "had started this run before" in second.err
    other = desk.call("run", "asking", "--key", "k1", "--input", "n=2", "--yes")
    assert other.code == Exit.CONFLICT
    assert "error[key_reused]" in other.err


@pytest.mark.requirement("DX-12")
def test_detached_runs_are_only_queued(desk: Desk) -> None:
    desk.write("workflows/asking.yaml", ASKING)
    queued = desk.ok("run", "asking", "--detach", "--delay", "1h", "--priority", "5")
    run_id = queued.out.strip()
    assert f"kapell runs watch {run_id}" in queued.err
    (found,) = desk.ok("runs", "list", "--json").document()
    assert (found["run_id"], found["status"], found["priority"]) == (run_id, "queued", 5)


@pytest.mark.requirement("GR-07")
def test_a_budget_on_the_command_line_stops_the_run(desk: Desk) -> None:
    desk.write("kapell.yaml", 'prices: {"offline": {input: 100, output: 100}}\n')
    desk.write("items.yaml", ITEMS)
    said = desk.call("run", "items.yaml", "--budget-usd", "0.0001")
    assert said.code == Exit.FAILED
    assert "error[budget_exceeded]" in said.err
    for amount in ("much", "-1", "nan"):
        assert desk.call("run", "items.yaml", "--budget-usd", amount).code == Exit.INVALID


@pytest.mark.requirement("OB-07", "OB-08", "LG-06")
def test_costs_and_profile_of_a_run(desk: Desk) -> None:
    desk.write("kapell.yaml", 'prices: {"offline": {input: 1, output: 2}}\n')
    desk.write("items.yaml", ITEMS)
    run = desk.ok("run", "items.yaml", "--json").document()
    for by in ("provider", "model", "agent", "step", "run", "workflow"):
        costs = desk.ok("costs", "--by", by, "--json").document()
        assert costs["usd"] == pytest.approx(run["usd"])
        assert sum(one["usd"] for one in costs["groups"]) == pytest.approx(run["usd"])
    assert run["usd"] > 0
    assert desk.ok("costs", "--by", "step", "--json").document()["groups"][0]["group"] == "each"
    assert desk.ok("costs", "--since", "1h", "--run", "last", "--json").document()["usd"] > 0
    assert desk.call("costs", "--by", "stp").code == Exit.INVALID
    assert "slowest step: each" in desk.ok("profile", "last").out
    assert desk.ok("profile", "last", "--json").document()["slowest_step"] == "each"


@pytest.mark.requirement("DX-07")
def test_a_run_moves_from_one_workspace_to_another(desk: Desk) -> None:
    desk.write("paid.yaml", PAID)
    assert desk.call("run", "paid.yaml").code == Exit.WAITING
    run_id = desk.ok("runs", "show", "last", "--json").document()["run_id"]
    assert desk.ok("runs", "export", "last", "--to", "run.kapell").out == "run.kapell\n"
    assert desk.call("runs", "export", "last", "--to", "run.kapell").code == Exit.CONFLICT
    (desk.folder / "other").mkdir()
    said = desk.ok("runs", "import", "run.kapell", "--workspace", "other", "--json")
    assert said.document()["run_id"] == run_id
    done = desk.ok(
        "runs",
        "signal",
        run_id,
        "paid",
        "--payload",
        '{"amount": 5}',
        "--workspace",
        "other",
        "--json",
    )
    assert done.document()["output"] == {"v": 5}
    assert desk.call("runs", "import", "run.kapell").code == Exit.CONFLICT
    desk.write("noise.kapell", gzip.compress(b"{}"))
    assert "error[export_broken]" in desk.call("runs", "import", "noise.kapell").err
    assert desk.call("runs", "import", "nothing.kapell").code == Exit.MISSING


@pytest.mark.requirement("DX-07", "WF-11")
def test_an_imported_run_still_asks(asked: str, desk: Desk) -> None:
    desk.ok("runs", "export", asked, "--to", "run.kapell")
    (desk.folder / "other").mkdir()
    desk.ok("runs", "import", "run.kapell", "--workspace", "other")
    desk.ok("approvals", "answer", asked, "--approve", "--workspace", "other")
    done = desk.ok("runs", "resume", asked, "--workspace", "other", "--json").document()
    assert done["output"] == {"said": "It is 42"}


@pytest.mark.requirement("AP-05")
def test_doctor_finds_what_is_not_well(desk: Desk) -> None:
    desk.ok("init")
    desk.ok("run", "deploy_app")
    assert "FAIL" not in desk.ok("doctor").out
    desk.write("kapell.yaml", 'model: strong\nroutes: {strong: "openai:gpt-5-mini"}\n')
    desk.write("workflows/bad.yaml", "name: bad\n")
    said = desk.call("doctor")
    assert said.code == Exit.FAILED
    assert "FAIL  workflows" in said.out
    assert "Set OPENAI_API_KEY in the environment." in said.out
    desk.write("kapell.yaml", "worker: {lase: 3}\n")
    checks = desk.call("doctor", "--json").document()["checks"]
    assert [one["name"] for one in checks if not one["ok"]] == ["settings"]


@pytest.mark.requirement("DX-07")
def test_the_database_is_checked_backed_up_and_restored(asked: str, desk: Desk) -> None:
    assert "FAIL" not in desk.ok("db", "check").out
    assert desk.ok("db", "backup", "copy.backup").out == "copy.backup\n"
    assert desk.call("db", "backup", "copy.backup").code == Exit.CONFLICT
    (desk.folder / "new").mkdir()
    desk.ok("db", "restore", os.fspath(desk.folder / "copy.backup"), "--workspace", "new")
    assert (
        desk.ok("runs", "show", "last", "--workspace", "new", "--json").document()["run_id"]
        == asked
    )
    assert "up to date" in desk.ok("db", "upgrade").out
    (desk.folder / "third").mkdir()
    desk.ok("db", "upgrade", "--workspace", "third")
    assert "FAIL" not in desk.ok("db", "check", "--workspace", "third").out


def test_the_demo_shows_a_result_costs_and_what_comes_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        said = desk.ok("demo")
        assert "PATH" not in said.out
        patch.setenv("PATH", "/usr/bin:/bin")
        told = desk.ok("demo", "elsewhere").out
    assert f"  export PATH={Path(sys.executable).parent}:$PATH\n" in told
    assert "60 support tickets" in said.out
    assert "classify: started with 60 items" in said.out
    assert "(--yes)" in said.out
    assert '"answered": ' in said.out
    steps = desk.ok("profile", "last", "--json", "--workspace", "demo").document()["steps"]
    assert {"classify", "replies/draft", "replies/send"} <= {one["step"] for one in steps}
    slowest = max(steps, key=lambda one: float(one["working"]))
    assert f"slowest step: {slowest['step']} ({slowest['working']:.2f} s at work)" in said.out
    (outbox,) = re.findall(r"The replies are in (.*)\.\n", said.out)
    assert len(list((desk.folder / outbox).iterdir())) == 15
    commands = [line.split("#")[0].split() for line in said.out.splitlines() if "  kapell " in line]
    for _, *words in commands:
        if words[:2] not in (["runs", "fork"], ["runs", "resume"]):
            desk.ok(*words, "--workspace", "demo")
