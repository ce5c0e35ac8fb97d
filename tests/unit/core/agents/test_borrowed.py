"""Sub-agents of another program load as they are: tools, models and keys mean the like here."""

from pathlib import Path

import pytest

from kapell.core.agents.borrowed import READ_ONLY, split
from kapell.core.agents.definition import Agent
from kapell.core.agents.reading import agent_of, is_borrowed, read_agent
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.workflows.models import resolve_model
from kapell.kit.errors import Place

pytestmark = pytest.mark.requirement("AG-02")

FILES = sorted(Path(__file__).with_name("borrowed").glob("*.md"))


def read(name: str) -> tuple[Agent, bool, dict[str, Problem]]:
    """Return an agent, whether it is another program's, and what is noted of it by code."""
    problems = Problems()
    path = Path(__file__).with_name("borrowed") / f"{name}.md"
    file = read_agent(path.read_bytes(), path.name, problems)
    assert file is not None
    assert problems.errors == ()
    noted = {
        f"{one.code}:{one.message.split('`')[1]}": one
        for one in problems.warnings
        if "`" in one.message
    }
    return agent_of(file), is_borrowed(file.form), noted


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_file_loads(path: Path) -> None:
    agent, _, _ = read(path.stem)
    assert agent.instructions
    assert agent.description


def test_tools_are_those_that_do_the_like() -> None:
    reviewer, borrowed, noted = read("code-reviewer")
    assert reviewer.tools == ("file.read", "file.search", "file.list", "shell.run")
    assert noted == {}
    assert (borrowed, reviewer.model) == (True, None)
    debugger, _, noted = read("debugger")
    assert debugger.tools == ("file.read", "file.write", "shell.run", "file.search", "file.list")
    assert debugger.kept == {"color": "red"}
    assert "key_kept:color" in noted


def test_what_has_no_like_is_told() -> None:
    agent, _, noted = read("researcher")
    assert agent.tools == ("web.search", "web.fetch", "file.read", "TodoWrite", "Task")
    assert "tool_without_like:TodoWrite" in noted
    assert "agent.NAME" in noted["tool_without_like:Task"].advice
    assert "\n" in agent.description


def test_patterns_of_tools_are_told_and_agents_are_tools() -> None:
    agent, _, noted = read("git-helper")
    assert agent.tools == (
        "shell.run",
        "file.read",
        "agent.code-reviewer",
        "mcp__github__get_issue",
    )
    assert "git log:*, git diff:*" in noted["tool_unrestricted:shell.run"].message
    assert split("A(b, c), D") == ["A(b, c)", " D"]
    assert split("A), B") == ["A)", " B"]


def test_a_file_of_ours_is_not_taken_for_theirs() -> None:
    agent, borrowed, noted = read("plain")
    assert (borrowed, agent.tools, noted) == (False, None, {})
    assert read("data-scientist")[:2][1] is True
    assert all("write" not in tool and "run" not in tool for tool in READ_ONLY)


@pytest.mark.parametrize(
    ("name", "routes", "model"),
    [
        ("sonnet", {"sonnet": "anthropic:claude-sonnet-4-5"}, "anthropic:claude-sonnet-4-5"),
        ("sonnet", {"strong": "openai:gpt-5", "cheap": "offline"}, "openai:gpt-5"),
        ("haiku", {"strong": "openai:gpt-5", "cheap": "offline"}, "offline"),
        ("opus", {"opus": "openai:gpt-5", "strong": "offline"}, "openai:gpt-5"),
        ("inherit", {}, None),
    ],
)
def test_their_models_are_routes(name: str, routes: dict[str, str], model: str | None) -> None:
    problems = Problems()
    place = Place(file="a.md", line=1, column=1)
    assert resolve_model(name, routes, place, problems) == model
    assert problems.errors == ()


def test_a_model_without_a_route_says_the_line_to_add() -> None:
    problems = Problems()
    assert resolve_model("sonnet", {}, Place(file="a.md", line=1, column=1), problems) is None
    assert "`sonnet: provider:name`" in problems.errors[0].advice
