"""People answer in processes of their own; what does not count says why, and what to do instead."""

import json
import time
from datetime import datetime
from typing import NamedTuple

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk
from tests.integration.cli.terminal import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.requirement("GR-10", "WF-11", "DX-07")]

SETTINGS = "model: offline\napprovals: {roles: {office: [ann, bob]}}\n"
POLICY = """package kapell.tool

import rego.v1

ask contains {
    "rule": "letters",
    "reason": "A letter leaves the house.",
    "approvers": ["role:office", "user:eve"],
    "need": 2,
} if input.tool.name == "file.write"
"""
SEND = """
name: send
steps:
  - {id: a, tool: file.write, with: {path: letter.txt, text: Dear all}}
outputs: {size: "{{ steps.a.output.size }}"}
"""
SHORT = """
name: short
steps:
  - {id: a, approval: {title: Ok?, data: {n: 1}, edit: [n], expires: 1s}}
"""


class Told(NamedTuple):
    """What a process ended with and said: the first line of an error, and what to do."""

    code: int
    out: str
    message: str
    advice: str


@pytest.fixture
def office(desk: Desk) -> Desk:
    """Return a workspace where two of the office have to agree to a letter."""
    desk.write("kapell.yaml", SETTINGS)
    desk.write("policies/tools.rego", POLICY)
    desk.write("workflows/send.yaml", SEND)
    desk.write("workflows/short.yaml", SHORT)
    return desk


def said(desk: Desk, *words: str) -> Told:
    """Carry out one command of `kapell approvals` in a process of its own."""
    process = desk.begin("approvals", *words)
    out, err = process.communicate(timeout=PATIENCE)
    message, _, advice = err.partition("\n")
    return Told(process.returncode, out, message, advice)


def waits(desk: Desk, workflow: str) -> None:
    """Begin a run that waits for people."""
    assert desk.call("run", workflow, "--quiet").code == Exit.WAITING


def resumed(desk: Desk, code: int = 0) -> str:
    """Let the run go on."""
    done = desk.call("runs", "resume", "last", "--quiet")
    assert done.code == code, done
    return done.out


def refused(desk: Desk, code: str, *words: str) -> Told:
    """Return what somebody is told whose answer does not count; it says what to do."""
    told = said(desk, *words)
    assert told.code != 0, told
    assert told.message.startswith(f"error[{code}]: ")
    assert told.advice.strip()
    assert "Traceback" not in told.out + told.message + told.advice
    return told


def test_the_wrong_person_and_arguments_that_break_the_schema_are_told_why(office: Desk) -> None:
    waits(office, "send")
    yes = ("answer", "last", "--approve")
    told = refused(office, "approval_not_yours", *yes, "--as", "zoe")
    assert told.code == Exit.DENIED
    assert "user:zoe may not answer 'a#1/1'" in told.message
    assert "It is for: role:office, user:eve" in told.advice
    assert "--as NAME" in told.advice
    told = refused(office, "approval_edit", *yes, "--as", "ann", "--edit", "pages=3")
    assert "Nothing was answered." in told.message
    assert "'pages' is unknown" in told.message
    assert "kapell tools show file.write" in told.advice
    told = refused(office, "approval_edit", *yes, "--as", "ann", "--edit", 'text={"a": 1}')
    assert "'text': the value is not of type" in told.message
    told = refused(office, "approval_changed", *yes, "--as", "ann", "--digest", "seen-before")
    assert "changed since it was shown" in told.message
    assert "kapell approvals show" in told.advice
    told = refused(office, "approval_unknown", "answer", "last", "b#1/1", "--approve")
    assert "kapell approvals list" in told.advice
    told = refused(office, "answer_missing", "answer", "last", "--as", "ann")
    assert "--approve or --reject" in told.advice
    (one,) = json.loads(said(office, "list", "--json").out)
    assert (one["agreed"], one["answer"]) == ([], None)


def test_two_agree_to_an_edit_and_one_hands_it_on(office: Desk) -> None:
    waits(office, "send")
    yes = ("answer", "last", "--approve", "--as")
    shown = said(office, "show", "last", "--edit", "text=Hi")
    assert ("-Dear all" in shown.out, "+Hi" in shown.out) == (True, True)
    assert "--approve --edit text=Hi" in shown.out
    assert "approved  a#1/1" in said(office, *yes, "ann", "--edit", "text=Hi").out
    again = said(office, *yes, "ann", "--edit", "text=Hi")
    assert (again.code, "you had said so before" in again.out) == (0, True)
    told = refused(office, "approval_answered", "answer", "last", "--reject", "--as", "ann")
    assert "user:ann approved at" in told.message
    told = refused(office, "approval_answered", "delegate", "last", "zoe", "--as", "ann")
    assert "user:ann approved at" in told.message
    assert "handed on to zoe" in said(office, "delegate", "last", "zoe", "--as", "bob").out
    told = refused(office, "approval_not_yours", *yes, "bob")
    assert "You have handed it on." in told.message
    resumed(office, Exit.WAITING)
    (one,) = json.loads(said(office, "list", "--json").out)
    assert (one["agreed"], one["data"]["text"]) == (["user:ann"], "Hi")
    assert "user:zoe" in one["approvers"]
    assert said(office, *yes, "zoe", "--digest", one["digest"]).code == 0
    assert json.loads(resumed(office)) == {"size": 2}
    told = refused(
        office, "approval_answered", "answer", "last", "a#1/1", "--reject", "--as", "eve"
    )
    assert "user:zoe approved at" in told.message
    told = refused(office, "approval_unknown", *yes, "eve")
    assert "waits for no answer" in told.message


def test_of_two_answers_at_once_one_wins_and_the_other_is_told(office: Desk) -> None:
    waits(office, "send")
    assert said(office, "answer", "last", "--approve", "--as", "ann").code == 0
    resumed(office, Exit.WAITING)
    both = [
        office.begin("approvals", "answer", "last", "--reject", "--as", "bob"),
        office.begin("approvals", "answer", "last", "--reject", "--as", "eve"),
    ]
    ended = [(one.communicate(timeout=PATIENCE), one.returncode) for one in both]
    assert sorted(code for _, code in ended) == [0, Exit.CONFLICT]
    ((_, err),) = [pipes for pipes, code in ended if code]
    assert "error[approval_answered]" in err
    assert "rejected at" in err


def test_who_comes_too_late_is_told_so_and_the_run_goes_on(office: Desk) -> None:
    waits(office, "short")
    (one,) = json.loads(said(office, "list", "--json").out)
    left = datetime.fromisoformat(one["expires"]).timestamp() - time.time()
    time.sleep(max(left, 0) + 0.05)
    told = refused(office, "approval_expired", "answer", "last", "--approve")
    assert "your answer comes too late" in told.message
    assert "kapell approvals list" in told.advice
    assert "its time is over" in said(office, "list").out
    resumed(office)
    refused(office, "approval_expired", "answer", "last", "a", "--approve")
