"""Policies that ship ready: they are taken with a command, and hold in real runs."""

import pytest

from kapell import library
from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

TOOLS = '''\
"""Tools that reach outside, or keep tables."""

from pathlib import Path

from kapell import tool


@tool(effects="external")
def letter(to: str) -> str:
    """Send a letter."""
    Path("effects.txt").write_text("letter")
    return "sent"


@tool(effects="external")
def call_api(url: str) -> str:
    """Ask a server for something."""
    Path("effects.txt").write_text("call")
    return "done"


@tool(effects="external")
def fax(text: str) -> str:
    """Send a fax to whom it always goes."""
    Path("effects.txt").write_text("fax")
    return "sent"


@tool(effects="read")
def rows(table: str) -> str:
    """Read a table."""
    Path("effects.txt").write_text("rows")
    return "none"
'''
AGENT = """---
name: clerk
description: Does what it is told.
tools: [letter, call_api, fax, rows, file.read, file.write, file.delete, file.search]
---
You work in an office.
"""


@pytest.fixture
def office(desk: Desk) -> Desk:
    desk.write("kapell.yaml", "model: offline\ntools: {python: {modules: [tools.py]}}\n")
    desk.write("tools.py", TOOLS)
    desk.write("agents/clerk.md", AGENT)
    desk.write("tenants/local/a.txt", "ours")
    desk.write("tenants/other/a.txt", "theirs")
    return desk


def outcome(desk: Desk, tool: str, args: str) -> str:
    """Let an agent ask for a call in a real run; return which rule forbade it, or its ruling."""
    desk.write(
        "answers.yaml",
        f"answers:\n  - {{turn: 1, asks: [{{tool: {tool}, args: {args}}}]}}\n"
        '  - {turn: 2, text: "Done."}\n',
    )
    desk.write(
        "workflows/work.yaml",
        "name: work\nmodel: scripted:answers.yaml\nsteps:\n"
        "  - {id: work, agent: clerk, prompt: Do it.}\n"
        'outputs: {said: "{{ steps.work.output }}"}\n',
    )
    desk.call("run", "work")
    entries = desk.ok("audit", "show", "--run", "last", "--action", "policy", "--json").document()
    said = entries[0]
    return str(said["details"]["rule"] if said["verdict"] == "deny" else said["verdict"])


@pytest.mark.requirement("GR-06")
def test_ready_policies_are_told_taken_and_never_written_over(desk: Desk) -> None:
    names = set(library.ready_policies())
    assert names == {"no_deletes", "outside", "tenants"}
    told = desk.ok("policy", "add").out
    assert all(name in told for name in names)
    assert {one["name"] for one in desk.ok("policy", "add", "--json").document()} == names
    for name in sorted(names):
        said = desk.ok("policy", "add", name)
        assert said.out.startswith(f"policies/{name}.rego is written")
        assert "kapell policy lint" in said.err
        assert "kapell policy explain" in said.err
    linted = desk.ok("policy", "lint")
    assert linted.out.splitlines() == [f"ok  policies/{name}.rego" for name in sorted(names)]
    assert "warning" not in linted.err
    desk.write("policies/outside.rego", "# mine\n")
    again = desk.call("policy", "add", "outside")
    assert (again.code, "is there already" in again.err) == (Exit.CONFLICT, True), again
    assert (desk.folder / "policies" / "outside.rego").read_text("utf-8") == "# mine\n"
    unknown = desk.call("policy", "add", "no_delets")
    assert unknown.code == Exit.MISSING
    assert "Did you mean `no_deletes`?" in unknown.err


@pytest.mark.requirement("GR-06")
def test_what_a_ready_policy_says_to_try_is_denied(desk: Desk) -> None:
    for name in library.ready_policies():
        note = desk.ok("policy", "add", name).err.splitlines()[-1].strip()
        said = desk.ok(*note.removeprefix("kapell ").split()).out
        assert said.startswith("deny"), (note, said)


@pytest.mark.requirement("GR-06", "TL-06")
def test_an_agent_deletes_nothing(office: Desk) -> None:
    office.ok("policy", "add", "no_deletes")
    assert outcome(office, "file.delete", "{path: a.txt}") == "kapell.tool.deletes"
    assert outcome(office, "file.write", "{path: a.txt, text: b}") == "allow"


@pytest.mark.requirement("GR-06", "GR-04")
@pytest.mark.parametrize(
    ("tool", "args", "rule"),
    [
        ("letter", "{to: eve@evil.test}", "kapell.external.mail"),
        ("letter", '{to: "eve%evil.test@example.com"}', "kapell.external.mail"),
        ("letter", "{to: anna@example.com}", "ask"),
        ("call_api", '{url: "https://evil.test/x"}', "kapell.external.hosts"),
        ("call_api", '{url: "https://api.example.com/x"}', "ask"),
        ("fax", "{text: hello}", "kapell.external.unseen"),
    ],
)
def test_nothing_goes_outside_but_to_listed_places(
    office: Desk, tool: str, args: str, rule: str
) -> None:
    office.ok("policy", "add", "outside")
    assert outcome(office, tool, args) == rule
    assert not (office.folder / "effects.txt").exists()


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("tool", "args", "rule"),
    [
        ("file.read", "{path: tenants/other/a.txt}", "kapell.tool.files"),
        ("file.read", "{path: Tenants/other/a.txt}", "kapell.tool.files"),
        ("file.read", "{path: tenants/local/a.txt}", "allow"),
        ("file.search", "{find: theirs}", "kapell.tool.searches"),
        ("file.search", "{find: theirs, folder: tenants}", "kapell.tool.files"),
        ("file.search", "{find: ours, folder: tenants/local}", "allow"),
        ("rows", "{table: other.people}", "kapell.tool.tables"),
        ("rows", "{table: local.people}", "allow"),
    ],
)
def test_a_tenant_works_with_its_own_data(office: Desk, tool: str, args: str, rule: str) -> None:
    office.ok("policy", "add", "tenants")
    assert outcome(office, tool, args) == rule


@pytest.mark.requirement("GR-06")
def test_no_way_up_leads_to_another_tenant(desk: Desk) -> None:
    desk.ok("policy", "add", "tenants")
    path = "path=tenants/local/../other/a.txt"
    said = desk.ok("policy", "explain", "file.read", "--arg", path).out
    assert said.startswith("deny  by kapell.tool.files"), said
