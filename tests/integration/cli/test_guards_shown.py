"""A guard that is off shows wherever a run does."""

import json

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

PLAIN = "name: plain\nsteps: [{id: a, ask: hi}]\n"
OPEN = "name: open\nsteps: [{id: a, ask: hi, guardrails: off}, {id: b, ask: ho}]\n"


@pytest.mark.requirement("RO-01")
def test_a_run_without_guardrails_shows_it_everywhere(desk: Desk) -> None:
    desk.write("w.yaml", PLAIN)
    assert "guardrails off" in desk.call("run", "w.yaml", "--guardrails", "off").out
    assert "guardrails off" in desk.call("runs", "show", "last").out
    assert "guardrails off" in desk.call("runs", "list").out
    (listed,) = json.loads(desk.call("runs", "list", "--json").out)
    assert listed["guards"] == "guardrails off"
    assert json.loads(desk.call("runs", "show", "--json").out)["guards"] == "guardrails off"


@pytest.mark.requirement("RO-01")
def test_steps_that_are_not_guarded_are_named(desk: Desk) -> None:
    desk.write("w.yaml", OPEN)
    assert "guardrails off in a" in desk.call("run", "w.yaml").out
    (listed,) = json.loads(desk.call("runs", "list", "--json").out)
    assert listed["guards"] == "guardrails off in a"
    desk.call("run", "w.yaml", "--guardrails", "strict")
    shown = json.loads(desk.call("runs", "show", "--json").out)
    assert shown["guards"] == "guardrails strict"


@pytest.mark.requirement("RO-01")
def test_a_guard_taken_away_by_its_name_shows_on_every_run(desk: Desk) -> None:
    desk.write("kapell.yaml", "guardrails: {flags: {content: false, labels: false}}\n")
    desk.write("w.yaml", PLAIN)
    assert "without content, labels" in desk.call("run", "w.yaml").out
    assert "without content, labels" in desk.call("runs", "list").out


def test_an_ordinary_run_says_nothing_of_guards(desk: Desk) -> None:
    desk.write("w.yaml", PLAIN)
    said = desk.call("run", "w.yaml").out + desk.call("runs", "list").out
    assert "guard" not in said


def test_a_profile_nobody_knows_is_refused_with_the_nearest(desk: Desk) -> None:
    desk.write("w.yaml", PLAIN)
    refused = desk.call("run", "w.yaml", "--guardrails", "strcit")
    assert refused.code != 0
    assert "`strict`" in refused.err


@pytest.mark.requirement("GR-02")
def test_the_data_behind_names_is_erased(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: 'Summarise: mail anna@example.org'}]\n")
    desk.ok("run", "w.yaml")
    assert "1 name erased" in desk.ok("guardrails", "forget", "last").out
    assert "0 names erased" in desk.ok("guardrails", "forget", "--all").out
    refused = desk.call("guardrails", "forget")
    assert refused.code != 0
    assert "--all" in refused.err
    both = desk.call("guardrails", "forget", "last", "--all")
    assert both.code == refused.code
    assert "either the names of one conversation or of all" in both.err


@pytest.mark.requirement("RO-01", "AG-06")
def test_an_agent_that_is_asked_without_guards_shows_on_the_run_that_asks(desk: Desk) -> None:
    head = "---\nname: {}\ndescription: Works with others.\n{}---\nYou work.\n"
    desk.write("agents/boss.md", head.format("boss", "tools: [agent.middle]\n"))
    desk.write("agents/middle.md", head.format("middle", "tools: [agent.loose]\n"))
    desk.write("agents/loose.md", head.format("loose", "guardrails: off\n"))
    desk.write("w.yaml", "name: w\nsteps: [{id: a, agent: boss, prompt: hi}]\n")
    assert "guardrails off in a/loose" in desk.call("run", "w.yaml").out
    assert "guardrails off in a/loose" in desk.call("runs", "list").out
    strict = "{id: a, agent: boss, prompt: hi, guardrails: strict}"
    desk.write("w.yaml", f"name: w\nsteps: [{strict}]\n")
    assert "guardrails off" not in desk.call("run", "w.yaml").out


NOTE = """\
name: note
model: scripted:answers.yaml
steps: [{id: a, agent: clerk, prompt: Tell them.}]
"""
CLERK = "---\nname: clerk\ndescription: Tells people.\ntools: [notify]\n---\nTell them.\n"
TELLING = "answers:\n  - asks: [{tool: notify, args: {text: It is done.}}]\n  - text: Told.\n"
FAILING = """\
name: failing
steps:
  - {id: a, tool: file.read, with: {path: a.txt}, on_error: continue}
  - {id: b, tool: file.read, with: {path: b.txt}, on_error: continue}
  - {id: c, tool: file.read, with: {path: c.txt}, on_error: continue}
"""
DEAR = "name: dear\nmodel: scripted:dear.yaml\nsteps: [{id: a, ask: hello}]\n"
SHORT = """\
limits: {cost: {conversation: 0.000001}}
prices: {"scripted:dear.yaml": {input: 1000, output: 1000}}
"""


@pytest.mark.requirement("RO-01", "GR-06", "WF-11", "GR-09", "GR-07")
@pytest.mark.parametrize(
    ("workflow", "flag", "with_it", "without"),
    [
        ("note", "policies", Exit.WAITING, Exit.OK),
        ("note", "approvals", Exit.WAITING, Exit.OK),
        ("failing", "breaker", Exit.WAITING, Exit.OK),
        ("dear", "limits", Exit.WAITING, Exit.OK),
    ],
)
def test_each_guard_stands_until_it_is_taken_away_and_comes_back(
    desk: Desk, workflow: str, flag: str, with_it: Exit, without: Exit
) -> None:
    desk.write("agents/clerk.md", CLERK)
    desk.write("workflows/note.yaml", NOTE)
    desk.write("workflows/failing.yaml", FAILING)
    desk.write("workflows/dear.yaml", DEAR)
    desk.write("answers.yaml", TELLING)
    desk.write("dear.yaml", "answers:\n  - text: Hello.\n")
    desk.write("kapell.yaml", SHORT)
    assert desk.call("run", workflow).code == with_it
    desk.write("kapell.yaml", f"{SHORT}guardrails: {{flags: {{{flag}: false}}}}\n")
    said = desk.call("run", workflow)
    assert said.code == without
    assert flag in said.out
    told = desk.ok("runs", "events", "last").out
    assert ("notify returned" in told) is (flag == "policies")
    assert ("approval_needed" in told) is (flag == "approvals")
    desk.write("kapell.yaml", SHORT)
    assert desk.call("run", workflow).code == with_it
