"""A workspace resolves what files name in each other, and keeps what has not changed."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.pricing.budget import Budget
from kapell.core.workflows.pins import Overrides, WorkspaceDefaults
from kapell.core.workflows.version import version_hash
from kapell.kit.errors import Missing
from kapell.services.workflows.workspace import Workspace
from kapell.testing.workspace import MemoryFiles

WRITER = "---\nname: writer\ndescription: Writes.\n---\nYou write.\n"
MAIN = "name: main\nsteps: [{id: a, agent: writer, prompt: hi}]\n"


def files(**more: str) -> MemoryFiles:
    """Return a small workspace; keywords add files, `__` standing for `/` and a dot."""
    made = MemoryFiles({"agents/writer.md": WRITER, "workflows/main.yaml": MAIN})
    for name, text in more.items():
        folder, _, rest = name.partition("__")
        made.write(f"{folder}/{rest.replace('__', '.')}", text)
    return made


def said(workspace: Workspace, ref: str) -> list[str]:
    with pytest.raises(DefinitionInvalid) as caught:
        workspace.load_workflow(ref)
    return [f"{one.place} {one.code}" for one in caught.value.problems]


def test_a_workflow_is_found_by_file_by_path_and_by_declared_name() -> None:
    workspace = Workspace(
        files(workflows__other__yaml="name: Some Name\nsteps: [{id: a, ask: hi}]")
    )
    assert workspace.load_workflow("main").path == "workflows/main.yaml"
    assert workspace.load_workflow("workflows/main.yaml").version.name == "main"
    assert workspace.load_workflow("Some Name").path == "workflows/other.yaml"


@pytest.mark.requirement("WF-01")
def test_yaml_and_json_of_the_same_document_are_one_version() -> None:
    json = '{"name": "main", "steps": [\n\n {"prompt": "hi", "agent": "writer", "id": "a"}]}'
    workspace = Workspace(files(workflows__same__json=json))
    assert workspace.load_workflow("same").hash == workspace.load_workflow("main").hash


def test_what_is_missing_is_said_with_the_nearest_name() -> None:
    workspace = Workspace(files())
    for ref, advice in (
        ("mian", "Did you mean `main`?"),
        ("nope.yaml", "Check the path, or give the name of a workflow of this workspace."),
    ):
        with pytest.raises(Missing) as caught:
            workspace.load_workflow(ref)
        assert (caught.value.code, caught.value.advice) == ("workflow_missing", advice)


def test_everything_it_was_made_from_is_listed() -> None:
    schema = '{"type": "object"}'
    workspace = Workspace(
        files(
            agents__sorter__md="---\nname: sorter\noutput: schemas/s.json\n---\nYou sort.",
            schemas__s__json=schema,
            workflows__sub__yaml="name: sub\nsteps: [{id: s, agent: sorter, prompt: hi}]",
            workflows__top__yaml=(
                "name: top\nsteps:\n"
                "  - {id: a, workflow: sub}\n"
                "  - {id: b, agent: writer, prompt: hi, output: schemas/s.json}\n"
            ),
        )
    )
    loaded = workspace.load_workflow("top")
    assert [one.path for one in loaded.source_files] == [
        "agents/sorter.md",
        "agents/writer.md",
        "schemas/s.json",
        "workflows/sub.yaml",
        "workflows/top.yaml",
    ]
    assert loaded.hash == version_hash(loaded.version)
    sub = loaded.version.workflows["sub"]
    assert sub.agents["sorter"].output == {"type": "object"}
    assert sub.body.steps[0].output == {"type": "object"}
    assert loaded.version.body.steps[1].output == {"type": "object"}


def test_problems_of_all_files_come_together() -> None:
    workspace = Workspace(
        files(
            agents__bad__md="---\nname: bad\nruntime: remote\n---\nx",
            workflows__sub__yaml="name: sub\nsteps: [{id: a, ask: '{{ nope }}'}]",
            workflows__top__yaml=(
                "name: top\nsteps:\n"
                "  - {id: a, workflow: sub}\n"
                "  - {id: b, agent: bad, prompt: hi}\n"
                "  - {id: c, agent: wirter, prompt: hi, output: schemas/none.json}\n"
                "  - {id: d, workflow: sbu}\n"
            ),
        )
    )
    assert said(workspace, "top") == [
        "agents/bad.md:3:10 not_available_yet",
        "workflows/sub.yaml:2:26 name_unknown",
        "workflows/top.yaml:5:20 agent_unknown",
        "workflows/top.yaml:5:48 file_missing",
        "workflows/top.yaml:6:23 workflow_unknown",
    ]


def test_an_agent_is_found_by_its_name_whatever_its_file_is_called() -> None:
    made = MemoryFiles({"agents/zz.md": WRITER, "workflows/main.yaml": MAIN})
    assert "writer" in Workspace(made).load_workflow("main").version.agents


@pytest.mark.requirement("AG-01")
def test_of_two_agents_of_one_name_the_file_called_so_is_meant_and_that_is_told() -> None:
    twin = WRITER.replace("name: writer", 'name: "writer"  # mine').replace("You ", "They ")
    loaded = Workspace(files(agents__twin__md=twin)).load_workflow("main")
    warned = [f"{one.place} {one.code}" for one in loaded.warnings]
    assert warned == ["agents/twin.md:1:1 name_twice"]
    assert loaded.version.agents["writer"].instructions.startswith("You ")
    other = WRITER.replace("name: writer", "name: writers\ntags: [writer]")
    assert Workspace(files(agents__other__md=other)).load_workflow("main").warnings == ()


@pytest.mark.requirement("AG-01")
def test_two_agents_of_one_name_in_other_files_are_refused() -> None:
    both = {"agents/a.md": WRITER, "agents/b.md": WRITER, "workflows/main.yaml": MAIN}
    assert said(Workspace(MemoryFiles(both)), "main") == ["agents/b.md:1:1 name_twice"]


def test_files_lead_neither_out_nor_nowhere() -> None:
    workspace = Workspace(
        files(
            workflows__out__yaml=(
                "name: out\nsteps:\n"
                "  - {id: a, ask: hi, output: ../secret.json}\n"
                "  - {id: b, ask: hi, output: /etc/passwd}\n"
                "  - {id: c, workflow: ../../x.yaml}\n"
            )
        )
    )
    assert said(workspace, "out") == [
        "workflows/out.yaml:3:30 path_outside",
        "workflows/out.yaml:4:30 path_outside",
        "workflows/out.yaml:5:23 path_outside",
    ]


def test_a_schema_may_lie_beside_the_file_that_names_it() -> None:
    workspace = Workspace(
        files(
            workflows__s__json='{"type": "objct"}',
            workflows__near__yaml="name: near\nsteps: [{id: a, ask: hi, output: s.json}]",
        )
    )
    assert said(workspace, "near") == ["workflows/s.json:1:10 schema_broken"]


def test_sub_workflows_that_call_each_other() -> None:
    workspace = Workspace(
        files(
            workflows__a__yaml="name: a\nsteps: [{id: x, workflow: b}]",
            workflows__b__yaml="name: b\nsteps: [{id: x, workflow: c}]",
            workflows__c__yaml="name: c\nsteps: [{id: x, workflow: a}]",
            workflows__d__yaml="name: d\nsteps: [{id: x, workflow: d}]",
        )
    )
    assert said(workspace, "a") == ["workflows/c.yaml:2:27 workflow_cycle"]
    assert said(workspace, "d") == ["workflows/d.yaml:2:27 workflow_cycle"]


@pytest.mark.parametrize("shortcut", [False, True])
def test_sub_workflows_stand_at_most_eight_deep(shortcut: bool) -> None:
    made = files()
    for number in range(12):
        below = f"workflow: w{number + 1}" if number < 11 else "ask: hi"
        made.write(f"workflows/w{number}.yaml", f"name: w{number}\nsteps: [{{id: s, {below}}}]")
    workspace = Workspace(made)
    assert workspace.load_workflow("w3").version.workflows["w4"].name == "w4"
    if shortcut:
        # What is deep has been compiled before, by a shorter way.
        text = "name: w2\nsteps: [{id: s, workflow: w4}, {id: t, workflow: w3}]"
        made.write("workflows/w2.yaml", text)
    assert [one.split()[1] for one in said(workspace, "w2")] == ["workflow_too_deep"]


def test_a_callers_model_reaches_sub_workflows_that_say_nothing() -> None:
    made = files(
        workflows__sub__yaml="name: sub\nsteps: [{id: s, ask: hi}]",
        workflows__top__yaml="name: top\nmodel: openai:x\nsteps: [{id: a, workflow: sub}]",
    )
    workspace = Workspace(made, WorkspaceDefaults(budget=Budget(usd=5)))
    top = workspace.load_workflow("top").version
    assert top.workflows["sub"].body.steps[0].model == "openai:x"
    assert (top.budget, top.workflows["sub"].budget) == (Budget(usd=5), None)
    over = workspace.load_workflow("top", Overrides(model="offline")).version
    assert over.workflows["sub"].body.steps[0].model == "offline"


def test_a_changed_file_is_seen_by_the_next_load_and_an_unchanged_one_is_kept() -> None:
    made = files()
    workspace = Workspace(made)
    first = workspace.load_workflow("main")
    assert workspace.load_workflow("main") is first
    made.write("agents/writer.md", WRITER.replace("You write", "You rewrite"))
    second = workspace.load_workflow("main")
    assert second.version.agents["writer"].instructions == "You rewrite."
    assert second.hash != first.hash
    made.write("workflows/main.yaml", MAIN.replace("hi", "'{{ nope }}'"))
    assert said(workspace, "main") == ["workflows/main.yaml:2:44 name_unknown"]


def test_lists_show_what_is_there_and_what_is_wrong() -> None:
    workspace = Workspace(
        files(
            agents__broken__md="no front matter",
            agents__twin__md=WRITER,
            workflows__broken__yaml="name: broken\nsteps: [{id: a}]",
        )
    )
    assert [
        (one.name, one.path, [p.code for p in one.problems]) for one in workspace.list_agents()
    ] == [
        ("broken", "agents/broken.md", ["front_matter_missing"]),
        ("writer", "agents/twin.md", ["name_twice"]),
        ("writer", "agents/writer.md", []),
    ]
    found = workspace.list_workflows()
    assert [(one.name, one.hash is None, [p.code for p in one.problems]) for one in found] == [
        ("broken", True, ["kind_missing"]),
        ("main", False, []),
    ]


def test_an_agents_model_that_is_none_is_a_warning() -> None:
    made = files(agents__blue__md="---\nname: blue\nmodel: sonnet\n---\nx")
    blue = Workspace(made).list_agents()[0]
    assert (blue.problems, [f"{one.place} {one.code}" for one in blue.warnings]) == (
        (),
        ["agents/blue.md:3:8 model_unknown"],
    )
    routes = WorkspaceDefaults(routes={"sonnet": "anthropic:claude"})
    assert Workspace(made, routes).list_agents()[0].warnings == ()


def test_odd_things_do_not_stop_anything() -> None:
    made = files(agents__blue__md="---\nname: blue\ncolor: blue\n---\nx")
    made.write(
        "workflows/main.yaml", "name: m\nsteps: [{id: a, agent: blue, prompt: x, when: '{{ 1 }}'}]"
    )
    warnings = Workspace(made).load_workflow("main").warnings
    assert [f"{one.place} {one.code}" for one in warnings] == [
        "agents/blue.md:3:1 key_kept",
        "workflows/main.yaml:2:47 braces_not_needed",
    ]
