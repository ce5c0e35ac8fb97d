"""Who may ask whom: pinned by name with the workflow, and never in a circle."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.core.workflows.version import Version
from kapell.services.workflows.workspace import Workspace
from kapell.testing.workspace import MemoryFiles

MAIN = "name: main\nsteps: [{id: a, agent: boss, prompt: hi}]\n"


def version(**tools: str) -> Version:
    """Return a workflow of `boss`, in a workspace of agents with these tools."""
    files = MemoryFiles({"workflows/main.yaml": MAIN})
    for name, line in tools.items():
        files.write(f"agents/{name}.md", f"---\nname: {name}\n{line}\n---\nYou are {name}.\n")
    defaults = WorkspaceDefaults(routes={"cheap": "openai:gpt-5-mini"})
    return Workspace(files, defaults).load_workflow("main").version


def wrong(**tools: str) -> list[tuple[str, str]]:
    """Return code and message of all that is wrong."""
    with pytest.raises(DefinitionInvalid) as caught:
        version(**tools)
    return [(one.code, f"{one.place}: {one.message}") for one in caught.value.problems]


@pytest.mark.requirement("AG-13")
def test_whom_an_agent_may_ask_is_pinned_with_it_and_so_is_whom_these_may_ask() -> None:
    made = version(
        boss="tools: [table.*, agent.scout]",
        scout="tools: [agent.clerk]\nmodel: cheap",
        clerk="model: inherit",
        other="",
    )
    assert sorted(made.agents) == ["boss", "clerk", "scout"]
    assert made.agents["boss"].tools == ("table.*", "agent.scout")
    assert made.agents["scout"].model == "openai:gpt-5-mini"


@pytest.mark.requirement("AG-13")
def test_a_family_of_agents_means_those_that_ask_nobody_themselves() -> None:
    made = version(
        boss="tools: agent.*",
        scout="tools: [agent.clerk]",
        clerk="tools: [table.*]",
        writer="",
    )
    assert made.agents["boss"].tools == ("agent.clerk", "agent.writer")


@pytest.mark.requirement("AG-13")
def test_each_agent_of_a_circle_says_so_when_agents_are_listed() -> None:
    asks = {"a": "agent.b", "b": "agent.c", "c": "agent.a", "me": "agent.me", "x": "agent.a"}
    files = MemoryFiles({})
    for name, tool in asks.items():
        files.write(f"agents/{name}.md", f"---\nname: {name}\ntools: [{tool}]\n---\nYou are.\n")
    found = Workspace(files).list_agents()
    assert [(one.name, [p.message for p in one.problems], one.agent is None) for one in found] == [
        ("a", ["These agents ask each other in a circle: a -> b -> c -> a."], True),
        ("b", ["These agents ask each other in a circle: b -> c -> a -> b."], True),
        ("c", ["These agents ask each other in a circle: c -> a -> b -> c."], True),
        ("me", ["The agent `me` may not ask itself."], True),
        ("x", [], False),
    ]


@pytest.mark.requirement("AG-13")
def test_agents_that_ask_each_other_in_a_circle_are_told_with_the_way() -> None:
    found = wrong(boss="tools: [agent.scout]", scout="tools: [agent.clerk, agent.boss]", clerk="")
    assert found == [
        (
            "agent_cycle",
            "agents/boss.md:3:8: These agents ask each other in a circle: boss -> scout -> boss.",
        )
    ]
    assert [code for code, _ in wrong(boss="tools: [agent.boss]")] == ["agent_cycle"]
    deep = {f"a{n}": f"tools: [agent.a{n + 1}]" for n in range(8)}
    found = wrong(boss="tools: [agent.a0]", a8="", **deep)
    assert [code for code, _ in found] == ["agent_cycle"]
    assert "More than 8 agents" in found[0][1]


@pytest.mark.requirement("AG-13")
def test_whom_nobody_knows_cannot_be_asked() -> None:
    (found,) = wrong(boss="tools: [agent.scuot]", scout="")
    assert found == (
        "agent_unknown",
        "agents/boss.md:3:8: There is no agent `scuot` for `boss` to ask.",
    )
