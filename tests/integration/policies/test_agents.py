"""An agent whose call a policy forbids: it does not happen, and the model learns no rule of it."""

import pytest

from tests.integration.cli.desk import Desk

AGENT = """---
name: secretary
description: Writes letters.
tools: [letter]
---
You write letters.
"""
TOOL = '''\
"""A tool that reaches outside."""

from kapell import tool


@tool(effects="external")
def letter(to: str) -> str:
    """Send a letter."""
    raise RuntimeError("it was sent")
'''
RULES = """\
package kapell.tool

import rego.v1

deny contains {"rule": "hush", "reason": "letters to BEN are secret"} if {
    input.tool.name == "letter"
    input.agent.name == "secretary"
    input.args.to == "ben"
}
"""
ANSWERS = """\
answers:
  - {turn: 1, asks: [{tool: letter, args: {to: ben}}]}
  - {turn: 2, saw: "*A policy forbids this call*", text: "I may not."}
"""


@pytest.mark.requirement("TL-06", "GR-06")
def test_a_forbidden_call_does_not_happen_and_its_rule_stays_with_people(desk: Desk) -> None:
    desk.write("kapell.yaml", "model: offline\ntools: {python: {modules: [tools.py]}}\n")
    desk.write("tools.py", TOOL)
    desk.write("agents/secretary.md", AGENT)
    desk.write("policies/letters.rego", RULES)
    desk.write("answers.yaml", ANSWERS)
    desk.write(
        "workflows/write.yaml",
        "name: write\nmodel: scripted:answers.yaml\nsteps:\n"
        "  - {id: write, agent: secretary, prompt: Write to Ben.}\n"
        'outputs: {said: "{{ steps.write.output }}"}\n',
    )
    said = desk.ok("run", "write")
    assert "I may not." in said.out
    events = desk.ok("runs", "events", "--json").out
    assert "kapell.tool.hush" in events, "people see the rule in the log"
    turns = desk.ok("runs", "turns", "--json").out
    assert "it was sent" not in turns
