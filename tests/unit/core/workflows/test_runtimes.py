"""A step whose agent lives elsewhere compiles to one call of its runtime."""

import msgspec
import pytest

from kapell.core.agents.definition import Agent
from kapell.core.agents.reading import agent_of, read_agent
from kapell.core.definitions.problems import Problems
from kapell.core.expressions.trees import compile_value
from kapell.core.runs.decide.steps.delegating import asking
from kapell.core.tools.spec import chosen
from kapell.core.workflows.pins import Pins, WorkspaceDefaults
from kapell.core.workflows.version import Step, ToolWork
from tests.unit.core.workflows.authoring import compiled

pytestmark = pytest.mark.requirement("DE-15")

DESK = """---
name: desk
runtime: tmux
tmux: {command: "python3 -i 'a b.py'", prompt: '{{ ?> ', timeout: 1m, instructions: true}
output: {type: object}
---
You are {{ x }}.
"""
GRAPH = """---
name: graph
runtime: python
python: {entry: "_graphs:talking", repeatable: true}
budget: {time: 90s}
---
You answer.
"""
TEXT = """\
name: w
defaults: {timeout: 20s}
steps:
  - {id: ask, agent: AGENT, prompt: "{{ run.id }}", compensate: {agent: AGENT, prompt: "back"}}
"""


def agent(text: str) -> Agent:
    problems = Problems()
    read = read_agent(text, "a.md", problems)
    assert read is not None
    assert not problems.errors
    assert not problems.warnings
    return agent_of(read)


def step_of(one: Agent, text: str = TEXT) -> Step:
    pins = Pins(agents={one.name: one})
    version, _ = compiled(text.replace("AGENT", one.name), pins, WorkspaceDefaults(model=None))
    return version.body.steps[0]


def test_settings_are_pinned_and_braces_in_them_are_their_own() -> None:
    step = step_of(agent(DESK))
    assert isinstance(step.work, ToolWork)
    assert step.work.tool == "runtime.tmux"
    assert compile_value(step.work.args).evaluate({"run": {"id": "r1"}}) == {
        "agent": "desk",
        "prompt": "r1",
        "command": ["python3", "-i", "a b.py"],
        "ready": "{{ ?> ",
        "timeout": 60.0,
        "instructions": "You are {{ x }}.",
        "output": {"type": "object"},
    }
    assert step.output == {"type": "object"}
    assert step.model is None
    assert step.timeout is not None
    assert step.timeout > 60
    assert step.compensate is not None
    assert isinstance(step.compensate.steps[0].work, ToolWork)


def test_the_time_of_a_budget_is_the_runtimes_and_repeatable_is_said() -> None:
    work = step_of(agent(GRAPH)).work
    assert isinstance(work, ToolWork)
    assert isinstance(work.args, dict)
    assert work.args["timeout"] == 90.0
    assert work.args["repeatable"] is True


def test_such_an_agent_is_asked_by_others_in_the_same_way() -> None:
    one = agent(DESK)
    version, _ = compiled(TEXT.replace("AGENT", "desk"), Pins(agents={"desk": one}))
    step = asking(version, "desk", step_of(one)).body.steps[0]
    assert isinstance(step.work, ToolWork)
    assert step.output == {"type": "object"}
    assert step.model is None


def test_no_pattern_means_a_runtime() -> None:
    assert chosen(["file.read", "runtime.tmux"], ["*", "runtime.*", "runtime.tmux"]) == (
        "file.read",
    )


@pytest.mark.parametrize(
    ("front", "code"),
    [
        ("runtime: python\npython: {entry: graph}", "entry_broken"),
        ("runtime: python\npython: {}", "missing_key"),
        ("runtime: tmux\ntmux: {command: x}", "runtime_settings_missing"),
        ('runtime: tmux\ntmux: {command: "a \'b", prompt: x}', "command_broken"),
        ("runtime: tmux\ntmux: {command: [], prompt: x}", "command_broken"),
        ("runtime: tmux\ntmux: {command: x, prompt: '('}", "pattern_broken"),
        ("runtime: tmux\ntmux: {command: x, marker: ' '}", "pattern_broken"),
        ("runtime: tmux", "runtime_settings_missing"),
        ("tmux: {command: x, prompt: y}", "runtime_settings_unused"),
        ("runtime: tmux\ntmux: {command: x, prompt: y}\nmodel: offline", "key_without_effect"),
    ],
)
def test_what_is_wrong_with_settings_is_told(front: str, code: str) -> None:
    problems = Problems()
    read_agent(f"---\nname: a\n{front}\n---\nYou.", "a.md", problems)
    assert code in [one.code for one in (*problems.errors, *problems.warnings)]


def test_agents_without_settings_keep_their_hash() -> None:
    plain = Agent(name="a", instructions="You.")
    assert b"settings" not in msgspec.json.encode(plain)
