"""Which workspace a file is taken to belong to: checking and running agree."""

from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

OUTER = "name: outer\nsteps: [{id: a, agent: poet, prompt: 'Say: hello'}]\n"
POET = "---\nname: poet\ndescription: Writes verse.\n---\nYou write verse.\n"
INNER = "name: inner\nsteps: [{id: a, set: {v: 1}}]\noutputs: {v: 1}\n"


@pytest.fixture
def other(desk: Desk) -> Path:
    """Return a workflow of a workspace that is not the current folder's."""
    desk.write("other/agents/poet.md", POET)
    return desk.write("other/workflows/outer.yaml", OUTER)


@pytest.mark.requirement("AP-03")
def test_a_file_brings_its_workspace_where_there_is_none(other: Path, desk: Desk) -> None:
    desk.ok("preview", "other/workflows/outer.yaml")
    for words in (("validate",), ("run",), ("workflow", "--file")):
        said = desk.ok(*words, "other/workflows/outer.yaml")
        assert f"--workspace {other.parent.parent}" in said.err
    assert not (desk.folder / ".kapell").exists()
    runs = desk.ok("runs", "list", "--workspace", "other", "--json").document()
    assert [one["status"] for one in runs] == ["succeeded", "succeeded"]


@pytest.mark.requirement("AP-03")
def test_the_workspace_of_the_current_folder_stands_before_the_file_s(
    other: Path, desk: Desk
) -> None:
    desk.write("kapell.yaml", "")
    desk.write("other/kapell.yaml", "")
    for command in ("validate", "run"):
        said = desk.call(command, "other/workflows/outer.yaml")
        assert said.code == Exit.INVALID
        assert "error[agent_unknown]" in said.err
        assert f"--workspace {other.parent.parent}" in said.err
        mended = desk.ok(command, "other/workflows/outer.yaml", "--workspace", "other")
        assert "--workspace" not in mended.err


def test_wrong_words_about_files_and_events_are_told_plainly(desk: Desk) -> None:
    desk.write("agents/poet.md", POET)
    said = desk.call("run", "agents/poet.md")
    assert (said.code, "error[workflow_is_agent]" in said.err) == (Exit.INVALID, True)
    desk.write("inner.yaml", INNER)
    desk.ok("run", "inner.yaml")
    assert "Nothing comes after number 999" in desk.ok("runs", "events", "--after", "999").err
    broken = desk.call("runs", "repair", "last", "a", "--output", '{"a')
    assert broken.err.count("json_broken") == 1


def test_a_file_of_no_workspace_is_run_from_here(desk: Desk) -> None:
    desk.write("plain/inner.yaml", INNER)
    assert desk.ok("run", "plain/inner.yaml").err == ""
    assert (desk.folder / ".kapell").is_dir()
    missing = desk.call("validate", "--workspace", "nowhere", "plain/inner.yaml")
    assert "error[workspace_missing]" in missing.err
