"""Agents of the library serve every workspace that has none of that name."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.services.workflows.workspace import Workspace
from kapell.testing.workspace import MemoryFiles

AGENT = "---\nname: writer\n---\n{text}\n"
FLOW = "name: w\nsteps:\n  - {id: a, agent: writer, prompt: Write.}\n"


def _instructions(own: dict[str, str]) -> str:
    files = MemoryFiles({"workflows/w.yaml": FLOW, **own})
    library = MemoryFiles({"agents/writer.md": AGENT.format(text="From the library.")})
    version = Workspace(files, library=library).load_workflow("w").version
    return version.agents["writer"].instructions


def test_an_agent_the_workspace_lacks_comes_from_the_library() -> None:
    assert "From the library." in _instructions({})


def test_the_workspaces_own_agent_stands_before_the_librarys() -> None:
    own = {"agents/writer.md": AGENT.format(text="From here.")}
    assert "From here." in _instructions(own)


def test_an_agent_neither_has_is_an_error_that_knows_both() -> None:
    files = MemoryFiles({"workflows/w.yaml": FLOW.replace("agent: writer", "agent: writr")})
    library = MemoryFiles({"agents/writer.md": AGENT.format(text="x")})
    with pytest.raises(DefinitionInvalid) as caught:
        Workspace(files, library=library).load_workflow("w")
    assert "writer" in caught.value.problems[0].advice


def test_a_fresh_load_is_used_again_without_a_look_and_an_old_one_is_not() -> None:
    files = MemoryFiles({"workflows/w.yaml": "name: w\nsteps:\n  - {id: a, set: {n: 1}}\n"})
    hurried, careful = Workspace(files, fresh=60.0), Workspace(files)
    before = hurried.load_workflow("w").hash, careful.load_workflow("w").hash
    files.write("workflows/w.yaml", "name: w\nsteps:\n  - {id: a, set: {n: 2}}\n")
    assert hurried.load_workflow("w").hash == before[0]
    assert careful.load_workflow("w").hash != before[1]
