"""A run that waits for another agent's run: who is needed there is told here."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

TOOLS = '''\
from kapell import tool


@tool(effects="external")
def pay(amount: int = 1) -> str:
    """Pay."""
    raise RuntimeError("cut off")
'''
BOSS = "---\nname: boss\ndescription: Leads.\ntools: [agent.clerk]\n---\nYou lead.\n"
CLERK = "---\nname: clerk\ndescription: Pays.\ntools: [pay]\n---\nYou pay.\n"
WORKFLOW = """\
name: lead
model: scripted:answers.yaml
steps:
  - {id: lead, agent: boss, prompt: Have it paid.}
"""
ANSWERS = """\
answers:
  - {label: "lead#*", turn: 1, asks: [{tool: agent.clerk, args: {task: Pay.}}]}
  - {label: "lead#*", turn: 2, saw: "*It is paid.*", text: All is done.}
  - {label: "clerk#*", turn: 1, asks: [{tool: pay}]}
"""


@pytest.mark.slow
@pytest.mark.requirement("AG-13", "DE-14")
def test_what_a_delegated_agent_waits_for_is_told_and_mended(desk: Desk) -> None:
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("tools/money.py", TOOLS)
    desk.write("agents/boss.md", BOSS)
    desk.write("agents/clerk.md", CLERK)
    desk.write("workflows/lead.yaml", WORKFLOW)
    desk.write("answers.yaml", ANSWERS)
    said = desk.run("run", "lead")
    assert said.code == Exit.WAITING, said
    assert "for the run of agent-clerk:" in said.out
    # An agent that wants to pay is held by the policies until somebody has looked.
    (held,) = desk.call("approvals", "list", "--json").document()
    assert held["tool"] == "pay"
    desk.ok("approvals", "answer", held["run_id"], held["path"], "--approve")
    said = desk.run("runs", "resume", "last")
    assert "may have taken effect. The tool 'pay' broke: RuntimeError: cut off [tool" in said.out
    # The last run is the one somebody asked for; the other one stands beside it.
    shown = desk.call("runs", "show", "--json").document()
    assert shown["workflow"] == "lead"
    (child,) = shown["children"]
    assert f"kapell runs repair {child['run_id']} 'clerk' --output JSON" in said.out
    listed = desk.ok("runs", "list", "--json").document()
    assert {one["run_id"][:10] for one in listed} == {shown["run_id"][:10]}
    desk.ok("runs", "repair", child["run_id"], "clerk", "--output", '"It is paid."')
    ended = desk.run("runs", "resume", shown["run_id"])
    assert (ended.code, "All is done." in ended.out) == (Exit.OK, True)
