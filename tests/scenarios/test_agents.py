"""Every agent of the library is run by a scenario: its prompt, its tools, its schema together."""

from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.bootstrap.definitions import open_definitions, workspace_files
from kapell.bootstrap.trying import try_scenario
from kapell.core.agents.trials.scenario import ScenarioForm, read_scenario
from kapell.core.definitions.problems import Problems
from kapell.library import agent_names

SCENARIOS = sorted((Path(__file__).parent / "agents").glob("*.yaml"))
ROLES = (
    "orchestrator supervisor researcher coder executor indexer planner critic judge backend-api "
    "frontend-ui database testing deployment master triager writer"
)


def scenario(path: Path) -> ScenarioForm:
    """Return a scenario that can be used."""
    problems = Problems()
    form = read_scenario(path.read_bytes(), path.name, problems)
    assert problems.errors == ()
    return form


@pytest.mark.requirement("AG-13")
@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
async def test_an_agent_of_the_library_plays_its_part(path: Path, tmp_path: Path) -> None:
    form = scenario(path)
    async with open_app(tmp_path, actor="user:test") as app:
        tried = await try_scenario(app, path.stem, form)
    assert tried.failures == ()


@pytest.mark.requirement("AG-13")
def test_every_agent_has_a_scenario_and_every_role_an_agent() -> None:
    asked = {scenario(path).agent for path in SCENARIOS}
    assert set(agent_names()) == asked
    assert set(ROLES.split()) <= set(agent_names())


@pytest.mark.requirement("AG-13")
def test_the_linter_has_nothing_to_say_of_the_library(tmp_path: Path) -> None:
    registry = open_definitions(tmp_path).registry
    entries = registry.entries(library=True)
    assert {one.name for one in entries} == set(agent_names())
    assert [str(one.problem) for entry in entries for one in registry.lint(entry)] == []
    assert [one.problems + one.warnings for one in entries] == [()] * len(entries)
    assert workspace_files(tmp_path).names("agents", (".md",)) == ()
