"""A `code` step compiles to a call of the door that every tool has."""

import pytest

from kapell.core.expressions.trees import compile_value
from kapell.core.workflows.version import ToolWork
from tests.unit.core.workflows.authoring import said, step_of, version_of, wrong

TEXT = """\
name: w
defaults: {timeout: 20s, retry: {attempts: 3}}
steps:
  - id: calc
    code:
      language: python
      source: |
        {{"a": 1} and "{%"}
        f"{{x}}"
      input: {n: "{{ run.id }}"}
      packages: [numpy]
      timeout: 1m
    output: {type: integer}
"""


@pytest.mark.requirement("WF-12", "TL-01")
def test_code_becomes_a_call_of_the_tool_with_every_key() -> None:
    step = step_of(TEXT, "calc")
    assert isinstance(step.work, ToolWork)
    assert step.work.tool == "code.run"
    args = compile_value(step.work.args).evaluate({"run": {"id": "r1"}})
    assert args == {
        "language": "python",
        "source": '{{"a": 1} and "{%"}\nf"{{x}}"\n',
        "input": {"n": "r1"},
        "packages": ["numpy"],
        "timeout": 60.0,
        "returns": "result",
    }
    assert step.output == {"type": "integer"}


@pytest.mark.requirement("WF-12")
def test_defaults_reach_a_program_and_its_own_time_is_never_cut() -> None:
    step = step_of(TEXT, "calc")
    assert step.retry.attempts == 3
    assert step.timeout is not None
    assert step.timeout > 60
    short = TEXT.replace("timeout: 1m", "timeout: 1s")
    assert step_of(short, "calc").timeout == 20


@pytest.mark.parametrize(
    "source",
    ["x = '{{'", "}} {{", "{% if x %}", "'\"\\n\\u20ac' # 😀 {{}}", "{{a}} {{b}}", "{# no #} {{ 1"],
)
def test_braces_of_a_program_are_its_own(source: str) -> None:
    version = version_of("name: w\nsteps:\n  - {id: a, code: {language: python, source: x}}\n")
    plain = version.body.steps[0].work
    assert isinstance(plain, ToolWork)
    lines = "".join(f"        {line}\n" for line in source.splitlines())
    text = (
        f"name: w\nsteps:\n  - id: a\n    code:\n      language: python\n      source: |\n{lines}"
    )
    work = step_of(text, "a").work
    assert isinstance(work, ToolWork)
    args = compile_value(work.args).evaluate({})
    assert isinstance(args, dict)
    assert args["source"] == source + "\n"


@pytest.mark.requirement("WF-12")
def test_one_lone_template_takes_the_program_from_elsewhere() -> None:
    text = (
        "name: w\nmodel: offline\nsteps:\n  - {id: draft, ask: write}\n"
        '  - {id: a, code: {language: python, source: "{{ steps.draft.output }}"}}\n'
    )
    work = step_of(text, "a").work
    assert isinstance(work, ToolWork)
    args = compile_value(work.args).evaluate({"steps": {"draft": {"output": "1 + 1"}}})
    assert isinstance(args, dict)
    assert args["source"] == "1 + 1"
    hidden = text.replace("steps.draft.output", "steps.later.output")
    assert [one.code for one in wrong(hidden)] == ["step_unknown"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("{language: python}", "4:11 missing_key"),
        ("{source: x}", "4:11 missing_key"),
        ("{language: cobol, source: x}", "4:22 wrong_value"),
        ("{language: python, source: x, sauce: y}", "4:41 unknown_key"),
        ("{language: python, source: x, timeout: soon}", "4:50 span_broken"),
        ("{language: python, source: x, packages: [1]}", "4:52 wrong_type"),
        ("text", "4:11 wrong_type"),
    ],
)
def test_what_is_wrong_with_a_program_is_said_with_its_place(code: str, expected: str) -> None:
    text = f"name: w\nsteps:\n  - id: a\n    code: {code}\n"
    assert said(text) == [expected]


def test_one_step_is_not_two_things() -> None:
    text = "name: w\nsteps:\n  - {id: a, tool: x, code: {language: sql, source: x}}\n"
    assert [one.code for one in wrong(text)] == ["kind_twice"]
