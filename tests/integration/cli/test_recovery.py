"""What is said after a failure: why, once, and only commands that can help."""

import re
import shlex

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

HELD = """\
name: held
on_failure: hold
steps:
  - id: each
    for_each: [1, 2]
    as: n
    steps: [{id: read, tool: file.read, with: {path: "later{{ n }}.txt"}}]
"""
UNDONE = """\
name: undone
steps:
  - id: kept
    tool: file.write
    with: {path: a.txt, text: b}
    compensate: {tool: file.delete, with: {path: a.txt}}
  - {id: read, tool: file.read, with: {path: later.txt}}
  - {id: again, tool: file.read, with: {path: a.txt}}
"""


def _commands(text: str) -> list[list[str]]:
    """Return the commands that a text offers, as words."""
    found = re.findall(r"kapell ((?:(?!, or).)+)", text)
    return [shlex.split(one) for one in found]


@pytest.mark.requirement("DX-06")
def test_a_held_run_says_why_and_names_the_path(desk: Desk) -> None:
    desk.write("held.yaml", HELD)
    said = desk.call("run", "held.yaml")
    assert said.code == Exit.WAITING
    ending = said.out.partition("\n\n")[2]
    assert "dead letter[file_missing]: There is no file 'later1.txt'." in ending
    assert "--> step each[0]/read" in ending
    repair, retry = _commands(ending)
    assert repair[2:] == [retry[2], "each[0]/read", "--output", "JSON"]
    again = desk.call(*retry)
    assert again.code == Exit.WAITING
    assert "dead letter[file_missing]" in again.out.partition("\n\n")[2]
    (letter,) = desk.ok("runs", "show", "last", "--json").document()["dead_letters"]
    assert (letter["path"], letter["code"]) == ("each[0]/read", "file_missing")
    desk.write("later2.txt", "two")
    mended = desk.ok(*repair[:-1], '{"text": "one"}', "--json").document()
    assert (mended["status"], mended["dead_letters"]) == ("succeeded", [])


@pytest.mark.requirement("DX-06", "GR-07")
def test_a_budget_that_is_used_up_says_so_at_every_try(desk: Desk) -> None:
    desk.write("kapell.yaml", 'prices: {"offline": {input: 100, output: 100}}\n')
    desk.write("w.yaml", "name: w\non_failure: hold\nsteps: [{id: a, ask: hello}]\n")
    for words in (("run", "w.yaml", "--budget-usd", "0.0001"), ("runs", "retry", "last")):
        said = desk.call(*words)
        assert said.code == Exit.WAITING
        assert "dead letter[budget_exceeded]: " in said.out
    shown = desk.call("runs", "show", "last")
    assert (shown.code, shown.err) == (0, "")
    assert "dead letter[budget_exceeded]: " in shown.out


@pytest.mark.requirement("DX-06")
def test_dead_letters_of_all_runs_are_listed(desk: Desk) -> None:
    assert "There are no dead letters." in desk.ok("runs", "list", "--dead").err
    desk.write("held.yaml", HELD)
    desk.write("undone.yaml", UNDONE)
    for name in ("held.yaml", "undone.yaml"):
        desk.call("run", name)
    said = desk.ok("runs", "list", "--dead")
    assert said.out.split("\n")[0].split() == [
        *("RUN", "WORKFLOW", "PATH", "STAGE", "ATTEMPTS", "AGE", "REASON")
    ]
    # What was undone cannot be mended in its run any more.
    (held,) = desk.ok("runs", "list", "--dead", "--json").document()
    assert held["path"] == "each[0]/read"
    assert held["stage"] == "step"
    assert held["code"] == "file_missing"
    assert held["attempts"] == 1
    assert held["message"] in said.out
    for words in (("--run", held["run_id"]), ("--workflow", "held")):
        assert desk.ok("runs", "list", "--dead", *words, "--json").document() == [held]
    desk.call("run", "held.yaml")
    assert len(desk.ok("runs", "list", "--dead", "--limit", "1", "--json").document()) == 1
    assert desk.call("runs", "list", "--run", "last").code == Exit.INVALID
    assert desk.call("runs", "list", "--dead", "--status", "failed").code == Exit.INVALID


@pytest.mark.requirement("DX-08")
def test_what_was_undone_is_forked_or_restarted_not_retried(desk: Desk) -> None:
    desk.write("undone.yaml", UNDONE)
    said = desk.call("run", "undone.yaml")
    assert said.code == Exit.FAILED
    assert "runs retry" not in said.out
    _, fork, restart = _commands(said.out.partition("\n\n")[2])
    for words in (("retry", "last"), ("repair", "last", "read", "--output", "x")):
        refused = desk.call("runs", *words)
        assert refused.code == Exit.CONFLICT
        assert "error[run_undone]" in refused.err
    desk.write("later.txt", "there now")
    assert desk.ok(*fork, "--json").document()["output"]["text"] == "b"
    assert desk.ok(*restart, "--json").document()["status"] == "succeeded"


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_cancelled_run_is_not_mended(
    store: str, desk: Desk, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store == "postgres":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_dsn"))
        desk.ok("db", "upgrade")
    desk.write("held.yaml", HELD)
    desk.call("run", "held.yaml")
    assert len(desk.ok("runs", "list", "--dead", "--json").document()) == 1
    assert desk.call("runs", "cancel", "last").code == Exit.CANCELLED
    refused = desk.call("runs", "retry", "last")
    assert (refused.code, "error[run_ended]" in refused.err) == (Exit.CONFLICT, True)
    assert "The run was cancelled already" in refused.err
    assert desk.ok("runs", "list", "--dead", "--json").document() == []
    assert desk.ok("runs", "show", "last", "--json").document()["dead_letters"] == []


@pytest.mark.requirement("WF-05")
def test_what_could_not_be_undone_awaits_a_person_for_good(desk: Desk) -> None:
    stubborn = UNDONE.replace("file.delete, with: {path: a.txt}", "file.read, with: {path: b.txt}")
    desk.write("stubborn.yaml", stubborn)
    assert desk.call("run", "stubborn.yaml").code == Exit.FAILED
    stages = [one["stage"] for one in desk.ok("runs", "list", "--dead", "--json").document()]
    assert "compensation" in stages
    desk.write("held.yaml", stubborn.replace("name: undone", "name: held\non_failure: hold"))
    assert desk.call("run", "held.yaml").code == Exit.WAITING
    assert desk.call("runs", "cancel", "last").code == Exit.CANCELLED
    (letter,) = desk.ok("runs", "list", "--dead", "--run", "last", "--json").document()
    assert (letter["path"], letter["stage"]) == ("kept", "compensation")
    (shown,) = desk.ok("runs", "show", "last", "--json").document()["dead_letters"]
    assert shown["path"] == "kept"


@pytest.mark.requirement("AP-03")
def test_a_failure_is_told_once(desk: Desk) -> None:
    desk.write("one.yaml", "name: one\nsteps: [{id: a, ask: hello}]\n")
    many = "{id: a, for_each: [1, 2, 3], as: n, concurrency: 3, ask: 'do {{ n }}'}"
    desk.write("many.yaml", f"name: many\nsteps: [{many}]\n")
    for name in ("one.yaml", "many.yaml"):
        said = desk.call("run", name, "--model", "openai:gpt-5-mini")
        assert said.code == Exit.FAILED
        assert (said.out + said.err).count("model_key_missing") == 1
        shown = desk.ok("runs", "show", "last")
        assert (shown.out + shown.err).count("model_key_missing") == 1
        assert "running" not in shown.out
        assert ("(2 more like it)" in said.out) is (name == "many.yaml")


@pytest.mark.slow
def test_notes_do_not_overtake_the_answer(desk: Desk) -> None:
    desk.write("ask.yaml", "name: w\nsteps: [{id: ask, approval: {title: Go on?}}]\n")
    assert desk.call("run", "ask.yaml").code == Exit.WAITING
    both = desk.together("approvals", "answer", "last", "--approve")
    assert both.index("approved  ask") < both.index("Go on with:")
