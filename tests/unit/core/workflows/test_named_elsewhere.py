"""Agents, tools, workflows, models and schemas: names that lead out of the file."""
# ruff: noqa: E501 - one-line YAML samples whose columns are counted

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.kit.errors import Place
from tests.unit.core.workflows.authoring import (
    AGENTS,
    compiled,
    said,
    step_of,
    version_of,
    wrong,
)

TABLE_READ = ToolSpec(
    name="table.read",
    description="Reads a table.",
    args={
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1},
            "shape": {"$ref": "#/$defs/shape"},
        },
        "required": ["path"],
        "additionalProperties": False,
        "$defs": {"shape": {"enum": ["rows", "columns"]}},
    },
)
TOOLS = Pins(agents=AGENTS, tools={"table.read": TABLE_READ})


def of(step: str, pins: Pins = TOOLS) -> list[str]:
    return said(f"name: x\nsteps: [{step}]\n", pins)


def test_an_unknown_agent_gets_the_nearest_name() -> None:
    found = wrong("name: x\nsteps: [{id: a, agent: trager, prompt: hi}]")
    assert [(one.code, one.place.column, one.advice) for one in found] == [
        ("agent_unknown", 24, "Did you mean `triager`?")
    ]


def test_a_broken_agent_is_not_also_unknown() -> None:
    pins = Pins(known_agents=frozenset({"writer"}))
    told = Problems()
    told.error("instructions_missing", "x", Place(file="agents/writer.md", line=1, column=1), "y")
    form = shape(
        read("name: x\nsteps: [{id: a, agent: writer, prompt: x}]", "w.yaml"), WorkflowForm, told
    )
    assert compile_workflow(form, pins, WorkspaceDefaults(), told) is None
    assert [one.code for one in told.errors] == ["instructions_missing"]
    assert of("{id: a, agent: triager, prompt: hi}", pins) == ["2:24 agent_unknown"]


@pytest.mark.requirement("WF-12")
@pytest.mark.parametrize(
    ("step", "problems"),
    [
        ("{id: a, tool: table.read, with: {path: x.csv}}", []),
        ("{id: a, tool: table.read, with: {path: '{{ inputs.f }}', limit: 5}}", []),
        ("{id: a, tool: table.read, with: {path: x, limit: '{{ inputs.n }}'}}", []),
        ("{id: a, tool: tabel.read, with: {path: x}}", ["2:23 tool_unknown"]),
        ("{id: a, tool: table.read}", ["2:17 argument_missing"]),
        ("{id: a, tool: table.read, with: {path: x, limt: 5}}", ["2:51 argument_unknown"]),
        ("{id: a, tool: table.read, with: {path: 5}}", ["2:48 argument_wrong"]),
        ("{id: a, tool: table.read, with: {path: x, limit: 0}}", ["2:58 argument_wrong"]),
        ("{id: a, tool: table.read, with: {path: x, shape: cells}}", ["2:58 argument_wrong"]),
        ("{id: a, ask: x, compensate: {tool: table.raed, with: {}}}", ["2:44 tool_unknown"]),
        ("{id: a, ask: x, compensate: {tool: table.read}}", ["2:38 argument_missing"]),
    ],
)
def test_tools_and_their_arguments(step: str, problems: list[str]) -> None:
    assert of(step) == problems


def test_tools_are_not_judged_when_they_are_not_known() -> None:
    assert of("{id: a, tool: whatever, with: {b: 1}}", Pins()) == []


SUB = version_of("""\
    name: sub
    inputs: {city: {type: string}, count: {type: integer, default: 3}}
    steps: [{id: s, ask: hi}]
""")


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        ("{id: a, workflow: sub, with: {city: x}}", []),
        ("{id: a, workflow: sub, with: {city: '{{ inputs.c }}', count: 5}}", []),
        ("{id: a, workflow: sub}", ["2:17 input_missing"]),
        ("{id: a, workflow: sub, with: {city: x, cuont: 1}}", ["2:48 input_unknown"]),
        ("{id: a, workflow: sub, with: {city: 5}}", ["2:45 argument_wrong"]),
        ("{id: a, workflow: sub, with: {city: x, count: many}}", ["2:55 argument_wrong"]),
        ("{id: a, workflow: sbu, with: {city: x}}", ["2:27 workflow_unknown"]),
    ],
)
def test_sub_workflows_and_their_inputs(step: str, problems: list[str]) -> None:
    assert of(step, Pins(workflows={"sub": SUB})) == problems


@pytest.mark.parametrize(
    "model",
    ["offline", "scripted:a.json", "openai:gpt-5-mini", "anthropic:c", "google:g", "ollama:l:7b", "azure:d"],
)  # fmt: skip
def test_models_that_are_known(model: str) -> None:
    assert step_of(f"name: x\nmodel: {model}\nsteps: [{{id: a, ask: hi}}]", "a").model == model


@pytest.mark.parametrize(
    ("model", "code", "advice"),
    [
        ("opnai:gpt-5", "model_unknown", "Did you mean `openai:gpt-5`?"),
        ("mistral:x", "model_unknown", "Providers: `openai`, `anthropic`, `google`, `ollama`, `azure`."),
        ("'openai:'", "model_unknown", "Providers: `openai`, `anthropic`, `google`, `ollama`, `azure`."),
        ("ofline", "model_unknown", "Did you mean `offline`?"),
        ("'{{ inputs.m }}'", "model_unknown", "Write the name of the model."),
    ],
)  # fmt: skip
def test_models_that_are_not(model: str, code: str, advice: str) -> None:
    for text in (
        f"name: x\nmodel: {model}\nsteps: [{{id: a, ask: hi}}]",
        f"name: x\nsteps:\n  - id: a\n    ask: hi\n    model: {model}",
    ):
        assert [(one.code, one.advice) for one in wrong(text)] == [(code, advice)]


def test_a_bare_name_is_a_route_of_the_workspace_or_not_there_yet() -> None:
    text = "name: x\nmodel: cheap\nsteps: [{id: a, ask: hi}]"
    found = wrong(text)
    assert [one.code for one in found] == ["model_unknown"]
    assert "`cheap: provider:name`" in found[0].advice
    routes = WorkspaceDefaults(routes={"cheap": "openai:gpt-5-nano"})
    assert version_of(text, defaults=routes).body.steps[0].model == "openai:gpt-5-nano"
    broken = WorkspaceDefaults(routes={"cheap": "opnai:x"})
    assert [one.code for one in wrong(text, defaults=broken)] == ["model_unknown"]


def test_nothing_says_which_model() -> None:
    text = "name: x\nsteps: [{id: a, ask: hi}, {id: b, set: {}}]"
    assert said(text, defaults=WorkspaceDefaults(model=None)) == ["2:17 model_missing"]


PRECEDENCE = """\
    name: x
    {workflow}
    steps:
      - id: a
        steps:
          - {{id: b, agent: own, prompt: hi{step}}}
        {block}
"""


@pytest.mark.parametrize(
    ("workflow", "step", "block", "override", "model"),
    [
        ("", "", "", None, "openai:agent"),
        ("model: openai:workflow", "", "", None, "openai:workflow"),
        ("model: openai:workflow", "", "model: openai:block", None, "openai:block"),
        ("model: openai:workflow", ", model: openai:step", "model: openai:block", None, "openai:step"),
        ("model: openai:workflow", ", model: openai:step", "", "offline", "offline"),
    ],
)  # fmt: skip
def test_the_nearest_model_wins(
    workflow: str, step: str, block: str, override: str | None, model: str
) -> None:
    pins = Pins(agents={"own": Agent(name="own", instructions="x", model="openai:agent")})
    text = PRECEDENCE.format(workflow=workflow, step=step, block=block)
    over = Overrides(model=override)
    version, _ = compiled(text, pins, WorkspaceDefaults(model="openai:workspace"), over)
    work = version.body.steps[0].work
    assert work.body.steps[0].model == model  # type: ignore[union-attr] # the text has a block


def test_the_callers_model_stands_behind_the_workflows_own() -> None:
    pins = Pins(agents={"own": Agent(name="own", instructions="x", model="openai:agent")})
    over = Overrides(caller_model="openai:caller")
    text = "name: x\n%ssteps: [{id: a, agent: own, prompt: hi}]"
    assert compiled(text % "", pins, None, over)[0].body.steps[0].model == "openai:caller"
    own = compiled(text % "model: offline\n", pins, None, over)[0]
    assert own.body.steps[0].model == "offline"


def test_an_agents_model_matters_only_where_nothing_nearer_speaks() -> None:
    pins = Pins(agents={"own": Agent(name="own", instructions="x", model="sonnet")})
    text = "name: x\n%ssteps: [{id: a, agent: own, prompt: hi}]"
    assert said(text % "", pins) == ["2:17 model_unknown"]
    assert said(text % "model: offline\n", pins) == []
    routes = WorkspaceDefaults(routes={"sonnet": "anthropic:claude"})
    assert version_of(text % "", pins, routes).body.steps[0].model == "anthropic:claude"


@pytest.mark.parametrize(
    ("schema", "problems"),
    [
        ("{type: object, properties: {a: {enum: [1, 2]}}}", []),
        ("{$ref: '#/$defs/a', $defs: {a: {type: string}}}", []),
        ("{type: objct}", ["2:44 schema_broken"]),
        ("{properties: {a: {type: 5}}}", ["2:61 schema_broken"]),
        ("{properties: {a: {pattern: '('}}}", ["2:64 schema_broken"]),
        ("{$ref: 'https://example.com/a.json'}", ["2:44 schema_remote"]),
        ("{properties: {a: {$ref: other.json}}}", ["2:61 schema_remote"]),
        ("{$ref: '#/$defs/nowhere'}", ["2:37 schema_broken"]),
        ("{$schema: 'http://example.com/dialect', type: object}", ["2:47 schema_broken"]),
        ("{$schema: 'http://json-schema.org/draft-07/schema#', type: object}", []),
    ],
)
def test_output_schemas(schema: str, problems: list[str]) -> None:
    assert of(f"{{id: a, ask: hello, output: {schema}}}") == problems


def test_an_output_schema_may_stand_in_a_file() -> None:
    text = "name: x\nsteps: [{id: a, ask: hi, output: s.json}]"
    good = Pins(schemas={"s.json": read('{"type": "object"}', "s.json")})
    assert step_of(text, "a", good).output == {"type": "object"}
    bad = Pins(schemas={"s.json": read('{"a": 1,\n "type": "objct"}', "s.json")})
    assert [str(one.place) for one in wrong(text, bad)] == ["s.json:2:10"]


def test_an_agents_schema_is_its_steps_unless_the_step_has_one() -> None:
    pins = Pins(agents={"own": Agent(name="own", instructions="x", output={"type": "object"})})
    text = "name: x\nsteps: [{id: a, agent: own, prompt: hi%s}]"
    assert step_of(text % "", "a", pins).output == {"type": "object"}
    assert step_of(text % ", output: {type: array}", "a", pins).output == {"type": "array"}
