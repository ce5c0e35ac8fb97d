"""A workspace's own tools on the command line: known, checked, shown, tried, run."""

import json
import sys
from pathlib import Path

import pytest

from tests.integration.cli.desk import Desk

GREET = '''
import sys
from pathlib import Path
from typing import Literal
from kapell import tool

print("this is printed while it is imported")
HEAVY = sys.modules.setdefault("a_heavy_library", sys)


@tool(effects="read", trust="trusted", cost=0.01)
def greet(name: str, tone: Literal["warm", "cool"] = "warm") -> str:
    """Greet somebody.

    Args:
        name: Whom.
    """
    print("this is printed while it is called")
    return f"a {tone} hello, {name}"
'''
WORKFLOW = """
name: hello
steps:
  - {id: a, tool: greet, with: {name: Ann}}
outputs: {text: "{{ steps.a.output }}"}
"""


@pytest.fixture
def greeting(desk: Desk) -> Desk:
    """Return a desk whose workspace has a tool of its own."""
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("tools/greet.py", GREET)
    desk.write("tools/_private.py", "raise RuntimeError('nobody imports this')\n")
    desk.write("workflows/hello.yaml", WORKFLOW)
    return desk


@pytest.mark.requirement("TL-03", "WF-12")
def test_a_tool_of_the_workspace_is_known_without_being_imported_and_runs(greeting: Desk) -> None:
    assert "ok  tools/greet.py  greet" in greeting.ok("validate").out
    listed = {one["name"]: one for one in greeting.ok("tools", "list", "--json").document()}
    assert listed["greet"]["from"] == "tools/greet.py"
    assert listed["greet"]["args"]["required"] == ["name"]
    assert "a_heavy_library" not in sys.modules
    shown = greeting.ok("tools", "show", "greet").out
    assert "Whom." in shown
    assert "effects: read; may be repeated after a crash" in shown
    assert "cost: $0.01" in shown
    ran = greeting.ok("run", "hello", "--json").document()
    assert ran["output"] == {"text": "a warm hello, Ann"}


def test_a_tool_can_be_tried(greeting: Desk) -> None:
    said = greeting.ok("tools", "call", "greet", "--arg", "name=Bob", "--arg", "tone=cool")
    assert said.out == "a cool hello, Bob\n"
    document = greeting.ok("tools", "call", "greet", "--args", '{"name": "Bob"}', "--json")
    assert document.document()["output"] == "a warm hello, Bob"
    assert document.document()["cost"] == 0.01
    wrong = greeting.call("tools", "call", "greet", "--arg", "nam=Bob")
    assert wrong.code == 2
    assert "'nam' is unknown (did you mean 'name'?); 'name' is missing" in wrong.err
    assert not list((greeting.folder / ".kapell" / "calls").glob("*"))


def test_a_step_is_held_against_the_tools_schema(greeting: Desk) -> None:
    greeting.write("workflows/hello.yaml", WORKFLOW.replace("name: Ann", "name: Ann, tone: hot"))
    said = greeting.call("validate", "workflows/hello.yaml")
    assert "does not take this as `tone`" in said.err


def test_a_change_is_seen_and_what_did_not_change_is_not_imported_again(greeting: Desk) -> None:
    greeting.ok("validate")
    kept = greeting.folder / ".kapell" / "tools.json"
    first = kept.stat().st_mtime_ns
    greeting.ok("validate")
    assert kept.stat().st_mtime_ns == first
    greeting.write("tools/greet.py", GREET.replace("def greet(name: str", "def greet(who: str"))
    said = greeting.call("validate", "workflows/hello.yaml")
    assert "has no argument `name`" in said.err


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("def greet(:\n", 1, "SyntaxError"),
        ("\nimport not_there_at_all\n", 2, "No module named 'not_there_at_all'"),
        ("\nraise SystemExit(3)\n", 2, "SystemExit"),
        ("from kapell import tool\n\n@tool\ndef greet(name):\n    return name\n", 3, "has no type"),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    greeting: Desk, text: str, line: int, told: str
) -> None:
    greeting.write("tools/greet.py", text)
    greeting.write("tools/other.py", GREET.replace("def greet", "def other"))
    said = greeting.call("validate")
    assert said.code == 2
    assert f"tools/greet.py:{line}:" in said.err
    assert told in said.err
    assert "ok  tools/other.py  other" in said.out
    alone = greeting.call("validate", "workflows/hello.yaml")
    assert "There is no tool `greet`" in alone.err
    assert told in alone.err


def test_a_file_that_ends_its_process_or_takes_a_name_does_not_hide_the_others(
    greeting: Desk,
) -> None:
    greeting.write("tools/dies.py", "import os\nos._exit(7)\n")
    greeting.write(
        "tools/takes.py",
        "from kapell import tool\n\n@tool(name='file.read')\ndef take() -> None:\n    ...\n",
    )
    said = greeting.call("validate")
    assert "Looking through tools/dies.py ended its process (exit code 7)." in said.err
    assert "tools/takes.py has a tool `file.read`, which is the name of a built-in one." in said.err
    assert "ok  tools/greet.py  greet" in said.out


@pytest.mark.requirement("TL-03", "GR-01")
def test_no_tool_passes_for_one_of_ours(greeting: Desk) -> None:
    ours = {"runtime.mine": "runtime.", "Runtime.mine": "runtime.", "agent.boss": "agent."}
    like = {"file_read": "file.read", "Web-Fetch": "web.fetch", "web__fetch": "web.fetch"}
    made = (
        f"@tool(name={name!r})\ndef take_{at}() -> None:\n    ...\n\n"
        for at, name in enumerate((*ours, *like, "workflows.pay", "web.other"))
    )
    greeting.write("tools/takes.py", "from kapell import tool\n\n" + "".join(made))
    said = greeting.call("validate")
    assert said.code == 2
    for name, family in {**ours, "workflows.pay": "workflows."}.items():
        assert f"`{name}`: names that begin with `{family}` are our own" in said.err
    for name, builtin in like.items():
        assert f"`{name}`, which reads like the built-in `{builtin}`" in said.err
    known = {one["name"] for one in greeting.call("tools", "list", "--json").document()}
    assert "web.other" in known
    assert known.isdisjoint({*ours, *like, "workflows.pay"})


@pytest.mark.slow
@pytest.mark.requirement("TL-03", "GR-01")
def test_no_server_passes_for_an_agents_runtime(greeting: Desk) -> None:
    script = Path(__file__).parents[1] / "tools" / "mcp_server.py"
    greeting.write(
        "kapell.yaml",
        "tools: {mcp: {runtime: "
        f"{{command: {sys.executable}, args: [{script}], allow: [add]}}}}}}\n",
    )
    said = greeting.call("validate")
    assert said.code == 2
    assert (
        "tools.mcp.runtime has a tool `runtime.add`: names that begin with `runtime.`" in said.err
    )
    assert "another name for its server" in said.err


def test_tools_of_an_installed_module_are_named_in_the_settings(greeting: Desk) -> None:
    greeting.write("kapell.yaml", "tools: {python: {modules: [tests.integration.cli.installed]}}\n")
    listed = {one["name"]: one for one in greeting.ok("tools", "list", "--json").document()}
    assert listed["installed.double"]["from"] == "tests.integration.cli.installed"
    said = greeting.ok("tools", "call", "installed.double", "--arg", "number=21")
    assert json.loads(said.out) == 42


@pytest.mark.slow
@pytest.mark.requirement("TL-03", "DE-15")
def test_an_mcp_server_is_one_entry_of_the_settings(greeting: Desk) -> None:
    script = Path(__file__).parents[1] / "tools" / "mcp_server.py"
    greeting.write(
        "kapell.yaml",
        f"tools: {{mcp: {{t: {{command: {sys.executable}, args: [{script}], allow: [add]}}}}}}\n",
    )
    greeting.write(
        "workflows/sum.yaml",
        "name: sum\nsteps:\n  - {id: a, tool: t.add, with: {a: 2, b: 3}}\n",
    )
    assert greeting.ok("validate", "workflows/sum.yaml").out.startswith("ok")
    assert greeting.ok("run", "sum", "--json").document()["output"] == {"sum": 5}
    shown = greeting.ok("tools", "show", "t.add").out
    assert "comes from: tools.mcp.t" in shown
    assert "returns: untrusted data" in shown
    wrong = greeting.write("workflows/sum.yaml", "name: s\nsteps: [{id: a, tool: t.ad}]\n")
    assert "Did you mean `t.add`?" in greeting.call("validate", str(wrong)).err
