"""Scenarios are read with places, become workflows, and tell what did not come of them."""

import json

import pytest

from kapell.core.agents.linting.linter import lint
from kapell.core.agents.linting.subject import subject_of
from kapell.core.agents.reading import agent_of, read_agent
from kapell.core.agents.trials.scenario import failures, read_scenario, script_of, workflow_of
from kapell.core.agents.trials.template import Draft, agent_file, scenario_file
from kapell.core.definitions.problems import Problems
from kapell.kit.json import Json

SCENARIO = """
agent: reader
prompt: "What is in {{ a }} and {% b %}?"
answers:
  - {turn: 1, asks: [{tool: file.read, args: {path: a}}]}
  - {turn: 2, text: hello}
expect:
  answer: ["*HELLO*"]
  tools: [file.*]
"""


def test_a_scenario_becomes_a_workflow_and_a_script() -> None:
    problems = Problems()
    form = read_scenario(SCENARIO, "s.yaml", problems)
    assert problems.errors == ()
    workflow = json.loads(workflow_of(form, "one"))
    assert workflow["steps"][0]["agent"] == "reader"
    assert workflow["steps"][0]["prompt"] == "What is in {{ '{{' }} a }} and {{ '{%' }} b %}?"
    assert len(json.loads(script_of(form))["answers"]) == 2


@pytest.mark.parametrize(
    ("answer", "tools", "wrong"),
    [
        ("Hello there", ("file.read",), 0),
        ({"text": "hello"}, ("file.read",), 0),
        ("Bye", ("file.read",), 1),
        ("Hello", (), 1),
        ("Bye", ("web.fetch",), 2),
    ],
)
def test_what_did_not_come_of_it_is_told(answer: Json, tools: tuple[str, ...], wrong: int) -> None:
    form = read_scenario(SCENARIO, "s.yaml", Problems())
    assert len(failures(form, answer, tools)) == wrong


def test_a_value_is_expected_whole() -> None:
    text = "agent: a\nprompt: p\nanswers: []\nexpect: {equals: {n: 1}, tools: []}\n"
    form = read_scenario(text, "s.yaml", Problems())
    assert failures(form, {"n": 1}, ()) == ()
    assert len(failures(form, {"n": 2}, ())) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("agent: a\nprompt: p\nanswers: []\n", "scenario_expects_nothing"),
        ("agent: a\nprompt: p\nanswers: []\nexpect: {}\n", "scenario_expects_nothing"),
        ("agent: a\nanswers: []\nexpect: {tools: []}\n", "missing_key"),
        ("agent: a\nprompt: p\nanswers: []\nexpect: {tool: []}\n", "unknown_key"),
    ],
)
def test_a_scenario_that_cannot_be_used_says_why(text: str, code: str) -> None:
    problems = Problems()
    read_scenario(text, "s.yaml", problems)
    assert code in [one.code for one in problems.errors]


@pytest.mark.requirement("AG-01")
@pytest.mark.parametrize(
    "draft",
    [
        Draft(name="blank"),
        Draft(
            name="a_b-c",
            description='Checks "quotes": and # marks.',
            tools=("file.read", "table.*"),
            tags=("x",),
            capabilities=("y",),
            model="cheap",
            tier="worker",
        ),
    ],
)
def test_a_new_agent_is_valid_and_clean_before_it_is_edited(draft: Draft) -> None:
    problems = Problems()
    file = read_agent(agent_file(draft), "agents/x.md", problems)
    assert file is not None
    assert (problems.errors, problems.warnings) == ((), ())
    agent = agent_of(file)
    assert agent.name == draft.name
    assert agent.tools == (draft.tools or None)
    assert lint(subject_of(file, "agents/x.md", agent, None)) == ()
    form = read_scenario(scenario_file(draft), "s.yaml", problems)
    assert problems.errors == ()
    assert form.agent == draft.name
