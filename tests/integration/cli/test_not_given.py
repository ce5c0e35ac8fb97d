"""What people agree to is theirs alone: no fork, repair or run file gives it in their place."""

import gzip
import json
from typing import Any

import pytest

from tests.integration.cli.desk import Desk

POST = '''
from pathlib import Path
from kapell import tool

@tool(effects="external", trust="trusted", repeatable=True)
def post(text: str) -> str:
    """Send it away."""
    with Path("posted.txt").open("a") as file:
        file.write(text)
    return text
'''
SETTINGS = """
model: offline
approvals: {roles: {finance: [fin1, fin2]}}
"""
PAY = """
name: pay
inputs: {amount: {type: integer, default: 900}}
steps:
  - id: ok
    approval: {title: "Pay {{ inputs.amount }}?", approvers: [role:finance], %s}
  - {id: pay, when: steps.ok.output.approved, tool: post, with: {text: "{{ inputs.amount }}."}}
"""
BLOCK = """
name: pay
steps:
  - id: all
    steps:
      - {id: ok, approval: {title: "Pay?", approvers: [role:finance]}}
    result: steps.ok.output
  - {id: pay, when: steps.all.output.approved, tool: post, with: {text: paid}}
"""
YES = json.dumps({"approved": True, "by": "user:fin1", "at": None, "note": "", "data": None})
HELD = """
name: held
steps: [{id: s, tool: post, with: {text: held words}}]
"""
RULE = """package kapell.tool

import rego.v1

ask contains {
    "rule": "people",
    "reason": "it leaves",
    "approvers": ["role:finance"],
    "need": 2,
} if {
    input.tool.name == "post"
}
"""


@pytest.fixture
def office(desk: Desk) -> Desk:
    """Return a desk with a tool that reaches outside, and people who may agree to it."""
    desk.write("kapell.yaml", SETTINGS)
    desk.write("tools/outside.py", POST)
    return desk


def posted(desk: Desk) -> str:
    file = desk.folder / "posted.txt"
    return file.read_text() if file.exists() else ""


@pytest.mark.requirement("GR-10", "WF-11")
@pytest.mark.parametrize(("workflow", "at"), [(PAY % "need: 1", "ok"), (BLOCK, "all")])
def test_a_fork_gives_no_answer_in_the_place_of_people(
    office: Desk, workflow: str, at: str
) -> None:
    office.write("workflows/pay.yaml", workflow)
    assert office.call("run", "pay").code == 3
    path = "ok" if at == "ok" else "all/ok"
    office.ok("approvals", "answer", "last", path, "--reject", "--as", "fin1")
    office.ok("runs", "resume", "last")
    refused = office.call("runs", "fork", "last", "--at", at, "--output", YES)
    assert "error[approval_unanswered]" in refused.err
    assert posted(office) == ""
    (tried,) = office.ok("audit", "show", "--action", "request.refused", "--json").document()
    assert tried["verdict"] == "approval_unanswered"
    again = office.call("runs", "fork", "last", "--at", at)
    assert again.code == 3, "people are asked anew"


@pytest.mark.requirement("WF-11")
def test_a_repair_gives_no_answer_in_the_place_of_people(office: Desk) -> None:
    office.write("workflows/pay.yaml", PAY % "expires: 0.001s, on_expiry: fail")
    assert "approval_expired" in office.call("run", "pay").err
    refused = office.call("runs", "repair", "last", "ok", "--output", YES)
    assert "error[approval_unanswered]" in refused.err
    assert "kapell runs retry" in refused.err
    assert posted(office) == ""


@pytest.mark.requirement("WF-11")
def test_a_fork_with_other_inputs_takes_no_agreement_along(office: Desk) -> None:
    office.write("workflows/pay.yaml", PAY % "need: 1")
    run = office.call("run", "pay", "--json").document()["run_id"]
    office.ok("approvals", "answer", run, "ok", "--approve", "--as", "fin1")
    office.ok("runs", "resume", run)
    assert posted(office) == "900."
    more = ("--input", "amount=1000000")
    refused = office.call("runs", "fork", run, "--at", "pay", *more)
    assert "error[fork_approved]" in refused.err
    assert posted(office) == "900."
    office.ok("runs", "fork", run, "--at", "pay", "--input", "amount=900")
    assert posted(office) == "900.900.", "what they saw has not changed"
    asked = office.call("runs", "fork", run, "--at", "ok", *more)
    assert asked.code == 3, "people are asked about these"
    assert posted(office) == "900.900."


def _edited(desk: Desk, change: Any) -> None:
    file = json.loads(gzip.decompress((desk.folder / "run.gz").read_bytes()))
    change(file)
    (desk.folder / "run.gz").write_bytes(gzip.compress(json.dumps(file).encode()))


def _until(kind: str, renamed: str) -> Any:
    """Return what cuts a file after its last event of a kind, and gives it a name of its own."""

    def change(file: dict[str, Any]) -> None:
        last = max(n for n, one in enumerate(file["events"]) if one["type"] == kind)
        del file["events"][last + 1 :]
        file["run_id"] = file["run_id"][:-3] + renamed

    return change


def _for_anybody(file: dict[str, Any]) -> None:
    for one in file["events"]:
        if one["type"] == "approval.requested":
            asked = json.loads(one["payload"])
            one["payload"] = json.dumps({**asked, "approvers": [], "need": 1})


@pytest.mark.requirement("GR-10", "GR-06")
def test_what_people_agreed_to_in_a_file_nobody_has_agreed_to_here(office: Desk) -> None:
    office.write("workflows/held.yaml", HELD)
    office.write("policies/people.rego", RULE)
    assert office.call("run", "held").code == 3
    office.ok("runs", "export", "last", "--to", "asked.gz")
    for name in ("fin1", "fin2"):
        office.ok("approvals", "answer", "last", "s#1/1", "--approve", "--as", name)
    office.ok("runs", "resume", "last")
    assert posted(office) == "held words"
    # Whoever writes a file has all of them agree in it.
    office.ok("runs", "export", "last", "--to", "run.gz")
    _edited(office, _until("approval.answered", "aaa"))
    run = office.ok("runs", "import", "run.gz").out.strip()
    assert office.call("runs", "resume", run).code == 3
    # Or asks nobody but themselves.
    (office.folder / "asked.gz").rename(office.folder / "run.gz")
    _edited(office, _until("approval.requested", "bbb"))
    _edited(office, _for_anybody)
    other = office.ok("runs", "import", "run.gz").out.strip()
    office.ok("approvals", "answer", other, "s#1/1", "--approve", "--as", "mallory")
    assert office.call("runs", "resume", other).code == 3
    assert posted(office) == "held words", "nothing more has left"
    for one in (run, other):
        (asked,) = office.ok("approvals", "list", one, "--json").document()
        assert asked["need"] == 2
        for name in ("fin1", "fin2"):
            office.ok("approvals", "answer", one, asked["path"], "--approve", "--as", name)
        office.ok("runs", "resume", one)
    assert posted(office) == "held words" * 3, "once people here agree, each is made once"
    # What is begun here is asked about here: anew, and once.
    assert office.call("runs", "restart", run).code == 3
    (asked,) = office.ok("approvals", "list", "--json").document()
    for name in ("fin1", "fin2"):
        office.ok("approvals", "answer", asked["run_id"], "s#1/1", "--approve", "--as", name)
    office.ok("runs", "resume", asked["run_id"])
    assert posted(office) == "held words" * 4


@pytest.mark.requirement("GR-06", "GR-10")
def test_a_rule_that_names_other_people_by_now_is_not_answered_by_those_it_named(
    office: Desk,
) -> None:
    office.write("workflows/held.yaml", HELD)
    office.write("policies/people.rego", RULE)
    assert office.call("run", "held").code == 3
    chief = RULE.replace("role:finance", "user:chief").replace('"need": 2', '"need": 1')
    office.write("policies/people.rego", chief)
    for name in ("fin1", "fin2"):
        office.ok("approvals", "answer", "last", "s#1/1", "--approve", "--as", name)
    assert office.call("runs", "resume", "last").code == 3, "the chief is asked now"
    assert posted(office) == ""
    (asked,) = office.ok("approvals", "list", "last", "--json").document()
    assert (asked["rule"], asked["need"]) == ("kapell.tool.people", 1)
    office.ok("approvals", "answer", "last", asked["path"], "--approve", "--as", "chief")
    office.ok("runs", "resume", "last")
    assert posted(office) == "held words"
