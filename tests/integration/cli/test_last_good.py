"""A changed agent is live for the next run; a broken one leaves its last good version in place."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kapell.adapters.workspace.good import GoodAgentFiles
from kapell.bootstrap.app import FRESH, App, open_app
from kapell.cli.exits import Exit
from kapell.core.agents.definition import Agent
from tests.integration.cli.desk import Desk

POET = "---\nname: poet\ndescription: Poems.\n---\nYou write poems about {matter} in four lines.\n"
WORKFLOW = "name: poem\nsteps:\n  - {id: write, agent: poet, prompt: Write one.}\n"


def prepared(desk: Desk) -> None:
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("agents/poet.md", POET.format(matter="rivers"))
    desk.write("workflows/poem.yaml", WORKFLOW)


def queued(desk: Desk) -> Any:
    """Return the payload of the first event of the last run."""
    return json.loads(desk.ok("runs", "events", "--json").out.splitlines()[0])["payload"]


@pytest.mark.requirement("AG-03", "AG-04")
def test_a_broken_agent_is_told_and_its_last_good_version_is_used(desk: Desk) -> None:
    prepared(desk)
    desk.ok("run", "poem")
    broken = "---\nname: poet\nbudget: {usd: -1}\n---\nYou are in the middle of\n"
    desk.write("agents/poet.md", broken)
    said = desk.ok("run", "poem")
    assert "agent_kept" in said.err
    assert "agents/poet.md:3" in said.err
    other = desk.run("run", "poem")
    assert (other.code, "agent_kept" in other.err) == (0, True), "another process has it too"
    assert "agents/poet.md is broken; used is its last good version, of 20" in said.out
    (kept,) = queued(desk)["kept"]
    assert (kept["file"], kept["line"]) == ("agents/poet.md", 3)
    assert "`usd` must be between 0 and" in kept["message"]
    listed = desk.ok("agents", "list").out
    assert "broken: kapell validate agents/poet.md; runs use its version of 20" in listed
    assert desk.ok("agents", "list", "--json").document()[0]["kept"]
    assert desk.call("validate", "agents/poet.md").code == Exit.INVALID
    assert desk.call("validate", "poem").code == Exit.INVALID
    desk.write("agents/poet.md", POET.format(matter="hills"))
    mended = desk.ok("run", "poem")
    assert "agent_kept" not in mended.err
    assert "kept" not in queued(desk)
    assert desk.ok("agents", "list", "--json").document()[0]["kept"] is None


@pytest.mark.requirement("AG-03")
def test_an_agent_that_never_was_valid_stops_the_run(desk: Desk) -> None:
    prepared(desk)
    desk.write("agents/poet.md", "---\nname: poet\nbudget: {usd: -1}\n---\nYou write.\n")
    assert desk.call("run", "poem").code == Exit.INVALID


@pytest.mark.requirement("AG-03")
async def test_a_program_that_runs_on_sees_each_change(desk: Desk) -> None:
    prepared(desk)
    assert FRESH < 1, "a change is live in under a second"

    def version(app: App) -> str:
        return app.workspace.load_workflow("poem").version.agents["poet"].instructions

    async with open_app(desk.folder, actor="user:test") as app:
        app.workspace._fresh = 0.0  # what is tested is what is seen, not when
        assert "rivers" in version(app)
        desk.write("agents/poet.md", POET.format(matter="hills"))
        assert "hills" in version(app)
        desk.write("agents/poet.md", "---\nname: [\n---\n")
        assert "hills" in version(app)
        assert [one.code for one in app.workspace.load_workflow("poem").warnings] == ["agent_kept"]
        desk.write("agents/poet.md", POET.format(matter="the sea"))
        assert "the sea" in version(app)
        assert app.workspace.load_workflow("poem").warnings == ()
        (desk.folder / "agents/poet.md").unlink()
        with pytest.raises(Exception, match="There is no agent `poet`"):
            version(app)


def test_what_is_kept_survives_what_can_happen_to_it(tmp_path: Path) -> None:
    agent = Agent(name="a", instructions="x", output={"type": "object"})
    first = GoodAgentFiles(tmp_path)
    assert first.last("agents/a.md") is None
    first.keep("agents/a.md", agent)
    kept = GoodAgentFiles(tmp_path).last("agents/a.md")
    assert kept is not None
    assert kept.agent == agent
    (file,) = (tmp_path / "agents").glob("*.json")
    before = os.stat(file).st_mtime_ns
    GoodAgentFiles(tmp_path).keep("agents/a.md", agent)
    assert os.stat(file).st_mtime_ns == before, "an equal version is not written again"
    file.write_bytes(b'{"broken')
    assert GoodAgentFiles(tmp_path).last("agents/a.md") is None
    assert first.last("agents/a.md") == kept
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    memory = GoodAgentFiles(blocked)
    memory.keep("agents/a.md", agent)
    assert memory.last("agents/a.md") is not None
