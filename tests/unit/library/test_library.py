"""The library can be read and copied, and what it holds is sound."""

import csv
import io
from pathlib import Path

import pytest

from kapell.core.agents.reading import agent_of, read_agent
from kapell.core.definitions.problems import Problems
from kapell.library import agent_names, agent_text, copy_workspace, workspace_files


@pytest.mark.parametrize("name", agent_names())
def test_an_agent_reads_without_a_word_of_complaint(name: str) -> None:
    problems = Problems()
    file = read_agent(agent_text(name), f"agents/{name}.md", problems)
    assert file is not None
    agent = agent_of(file)
    assert not problems.errors
    assert not problems.warnings
    assert agent.name == name
    assert agent.description
    assert agent.capabilities
    assert agent.tags
    assert agent.model is None, "the workspace says which model, so that one line switches it"


def test_the_library_has_the_agents_its_workflows_name() -> None:
    assert {"triager", "writer", "testing", "backend-api", "deployment"} <= set(agent_names())
    with pytest.raises(KeyError):
        agent_text("nobody")


def test_a_new_workspace_is_whole(tmp_path: Path) -> None:
    copied = copy_workspace(tmp_path / "new")
    found = {p.relative_to(tmp_path / "new").as_posix() for p in (tmp_path / "new").rglob("*")}
    assert set(copied.written) <= found
    assert not copied.kept
    assert {
        "kapell.yaml",
        ".gitignore",
        "agents/triager.md",
        "workflows/support-triage.yaml",
        "workflows/deploy_app.yaml",
        "data/tickets.csv",
    } <= found
    assert ".kapell/" in (tmp_path / "new/.gitignore").read_text("utf-8").splitlines()


def test_copying_leaves_alone_what_is_there(tmp_path: Path) -> None:
    mine = tmp_path / "agents/triager.md"
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")
    copied = copy_workspace(tmp_path)
    assert copied.kept == ("agents/triager.md",)
    assert mine.read_text("utf-8") == "mine"
    assert copy_workspace(tmp_path).written == ()
    again = copy_workspace(tmp_path, replace=True)
    assert set(again.written) == set(workspace_files())
    assert mine.read_text("utf-8") == agent_text("triager")
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".tmp", ".part"))]


def test_the_tickets_are_sixty_and_reach_nobody() -> None:
    text = workspace_files()["data/tickets.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == 60
    assert all(row["email"].endswith(("example.com", "example.org")) for row in rows)
