"""Workflow files that cannot be read, or read and not be believed."""

import os
from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.conftest import OK
from tests.integration.bad_input.refusals import nothing_begun, refused, refused_as_json
from tests.integration.cli.desk import Desk

STEP = "steps: [{id: a, set: {v: 1}}]\n"


def _value(text: str) -> str:
    return f"name: w\nsteps: [{{id: a, set: {{v: {text}}}}}]\n"


def _many(count: int) -> str:
    return "name: w\nsteps:\n" + "".join(
        f"  - {{id: s{number}, set: {{v: {number}}}}}\n" for number in range(count)
    )


BROKEN: dict[str, tuple[str | bytes, str, str]] = {
    "bracket": (_value("1").replace("}}]", "}"), "yaml_broken", ":3:1"),
    "tab": ("name: w\nsteps:\n\t- id: a\n", "yaml_tab", ":3:1"),
    "documents": (f"name: w\n{STEP}---\nname: v\n", "yaml_many_documents", ":3:1"),
    "list": ("- a\n- b\n", "not_a_mapping", ":1:1"),
    "nothing": ("", "file_empty", ":1:1"),
    "comment": ("# nothing yet\n", "file_empty", ":"),
    "key": (f"name: w\nstpes: []\n{STEP}", "unknown_key", ":2:1"),
    "twice": (f"name: w\nname: x\n{STEP}", "duplicate_key", ":2:1"),
    "template": (_value("{{ run.id }}"), "yaml_template_unquoted", ":2:26"),
    "tag": (_value("!foo x"), "yaml_tag", ":2:26"),
    "infinite": (_value(".inf"), "number_refused", ":2:26"),
    "number": (_value("9" * 5000), "number_refused", ":2:26"),
    "deep": (_value("[" * 100_000 + "]" * 100_000), "yaml_too_deep", ":2:"),
    "steps": (
        f"name: w\nsteps: {'[{id: a, steps: ' * 60}[]{'}]' * 60}\n",
        "yaml_too_deep",
        ":2:",
    ),
    "nul escape": (_value('"a\\0b"'), "character_refused", ":2:26"),
    "nul": (_value('"a\0b"'), "character_refused", ":2:28"),
    "surrogate": (_value('"\\uD800"'), "character_refused", ":2:26"),
    "utf-16": (OK.encode("utf-16"), "encoding_broken", ":1:1"),
    "latin-1": ("name: caf\u00e9\n".encode("latin-1"), "encoding_broken", ":1:10"),
    "noise": (b"\x00\xff\xfe\x80" * 5000, "encoding_broken", ":1:"),
    "megabytes": (_many(32_000), "file_too_large", ":1:1"),
    "class": (_value("\"{{ ''.__class__ }}\""), "expression_denied", ":2:"),
    "class by key": (_value("\"{{ ''['__class__'] }}\""), "expression_denied", ":2:"),
    "class by filter": (
        _value("\"{{ ''|attr('__cla' ~ 'ss__') }}\""),
        "expression_denied",
        ":2:",
    ),
    "agent": (
        "name: w\nsteps: [{id: a, agent: nobody, prompt: hello}]\n",
        "agent_unknown",
        ":2:",
    ),
    "route": ("name: w\nmodel: foo\nsteps: [{id: a, ask: hi}]\n", "model_unknown", ":2:8"),
    "tool": ("name: w\nsteps: [{id: a, tool: file.raed}]\n", "tool_unknown", ":2:"),
    "aliases": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
            for before, name in zip("abcd", "bcde", strict=True)
        ),
        "yaml_aliases_too_many",
        ":4:",
    ),
}


@pytest.mark.requirement("WF-01", "AP-03")
@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_no_workflow(case: str, desk: Desk) -> None:
    text, code, place = BROKEN[case]
    desk.write("w.yaml", text)
    for words in (["validate", "w.yaml"], ["run", "w.yaml"]):
        # What is missing is said by the place; what is misspelt also has a hint.
        said = refused(desk.call(*words), Exit.INVALID, code, advice="class" not in case)
        assert f"--> w.yaml{place}" in said
    nothing_begun(desk)
    desk.ok("run", "fine")


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('{"name": "w", "steps": 3}', "wrong_type", ":1:24"),
        (
            '{"name": "w", "name": "x", "steps": [{"id": "a", "ask": "x"}]}',
            "duplicate_key",
            ":1:15",
        ),
        ("[1, 2]", "not_a_mapping", ":1:1"),
        ('{"name": "w"', "yaml_broken", ":1:"),
    ],
)
def test_json_in_place_of_yaml(text: str, code: str, place: str, desk: Desk) -> None:
    desk.write("w.json", text)
    said = refused(desk.call("run", "w.json"), Exit.INVALID, code, advice=code != "wrong_type")
    assert f"--> w.json{place}" in said


@pytest.mark.requirement("WF-01")
@pytest.mark.parametrize(
    "data",
    [OK.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + OK.encode()],
    ids=["windows line ends", "byte order mark"],
)
def test_what_other_editors_write_is_no_error(data: bytes, desk: Desk) -> None:
    desk.write("w.yaml", data)
    assert desk.ok("run", "w.yaml", "--json").document()["output"] == {"v": 1}


def test_all_errors_of_a_file_come_at_once(desk: Desk) -> None:
    desk.write("w.yaml", "name: 3\nstpes: []\nsteps: [{id: a, set: {v: 1}, retyr: 2}]\n")
    said = desk.call("run", "w.yaml")
    assert said.code == Exit.INVALID
    assert said.err.count("error[") == 3
    assert said.err.endswith("3 errors\n")
    problems = desk.call("run", "w.yaml", "--json").document()["problems"]
    assert [one["place"]["line"] for one in problems] == [1, 2, 3]


UNQUOTED = """\
name: unquoted
inputs: {x: {type: string}}
model: offline
steps:
  - id: one
    ask: {{ inputs.x }} and more  # so it goes
  - id: two
    az: 1
    ask: {{ inputs["y"] }}
  - id: three
    set: {v: {{ steps.nope.output }}, w: [{{ [inputs.x, 'a, b'] }}, 2]}
  - id: four
    ask: |
      no: {{ inputs.x }}
      - {{ inputs.z }}
"""


@pytest.mark.requirement("WF-03", "DX-06")
def test_a_template_without_quotes_hides_nothing_else(desk: Desk) -> None:
    desk.write("w.yaml", UNQUOTED)
    told = desk.call("run", "w.yaml", "--json")
    assert told.code == Exit.INVALID
    lines = UNQUOTED.splitlines()
    found = [
        (one["code"], lines[place["line"] - 1][place["column"] - 1 :].split()[0], one["advice"])
        for one in told.document()["problems"]
        for place in [one["place"]]
    ]
    quote = "yaml_template_unquoted"
    assert [(code, at) for code, at, _ in found] == [
        (quote, "{{"),
        ("unknown_key", "az:"),
        (quote, "{{"),
        ("input_unknown", 'inputs["y"]'),
        (quote, "{{"),
        ("step_unknown", "steps.nope.output"),
        (quote, "{{"),
        ("input_unknown", "inputs.z"),
    ]
    assert [advice for code, _, advice in found if code == quote] == [
        'Write it as "{{ inputs.x }} and more".',
        "Write it as '{{ inputs[\"y\"] }}'.",
        'Write it as "{{ steps.nope.output }}".',
        "Write it as \"{{ [inputs.x, 'a, b'] }}\".",
    ]


@pytest.mark.requirement("WF-01")
def test_what_is_no_number_hides_nothing_else(desk: Desk) -> None:
    desk.write(
        "w.yaml",
        "name: w\nmodel: offline\nbudget: {usd: .inf, tokens: many}\nsteps:\n"
        "  - {id: a, ask: hi, for_each: [1], concurrency: 0}\n"
        "  - {id: b, agnet: writer, set: {v: .nan}}\n"
        "  - {id: c, wait: {for: -.inf}, timeout: .inf}\n",
    )
    problems = desk.call("run", "w.yaml", "--json").document()["problems"]
    assert [(one["code"], one["place"]["line"]) for one in problems] == [
        ("number_refused", 3),
        ("wrong_type", 3),
        ("out_of_range", 5),
        ("unknown_key", 6),
        ("number_refused", 6),
        ("number_refused", 7),
        ("number_refused", 7),
    ]
    desk.write("agents/odd.md", "---\nname: odd\ntemperature: .inf\ntier: none\n---\nYou.\n")
    desk.write("v.yaml", "name: v\nsteps: [{id: a, agent: odd, prompt: x}]\n")
    problems = desk.call("run", "v.yaml", "--json").document()["problems"]
    codes = [(one["code"], one["place"]["line"]) for one in problems]
    assert codes == [("number_refused", 3), ("wrong_value", 4)]


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1e300", "out_of_range"),
        ("1000000001", "out_of_range"),
        ("-1", "out_of_range"),
        ("99999999999999999999", "number_refused"),
        (".nan", "number_refused"),
        ("-.inf", "number_refused"),
        ("'1'", "wrong_type"),
    ],
)
def test_a_budget_that_cannot_be_counted(amount: str, code: str, desk: Desk) -> None:
    budget = f"budget: {{usd: {amount}}}"
    desk.write("run.yaml", f"name: w\n{budget}\nsteps: [{{id: a, set: {{x: 1}}}}]\n")
    desk.write("step.yaml", f"name: w\nsteps: [{{id: a, ask: hi, {budget}}}]\n")
    desk.write("agents/odd.md", f"---\nname: odd\n{budget}\n---\nYou.\n")
    desk.write("agent.yaml", "name: w\nsteps: [{id: a, agent: odd, prompt: hi}]\n")
    for name in ("run.yaml", "step.yaml", "agent.yaml"):
        told = refused(desk.call("run", name), Exit.INVALID, code)
        said = refused_as_json(desk.call("run", name, "--json"), Exit.INVALID, code)
        assert said in told
    (desk.folder / "agents/odd.md").unlink()
    desk.write("kapell.yaml", f"model: offline\n{budget}\n")
    refused(desk.call("run", "fine"), Exit.INVALID, code)
    desk.write("kapell.yaml", "model: offline\n")
    nothing_begun(desk)


def test_a_template_without_quotes_beside_broken_yaml(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps:\n  - id: a\n    ask: {{ x }}\n  - id: b\n    ask: @x\n")
    problems = desk.call("run", "w.yaml", "--json").document()["problems"]
    assert [(one["code"], one["place"]["line"]) for one in problems] == [
        ("yaml_template_unquoted", 4),
        ("yaml_broken", 6),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(10**12) %}x{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10**12 }}",
        "{{ [0] * 10**12 }}",
        "{{ range(10**12) | list }}",
    ],
)
@pytest.mark.requirement("WF-03")
def test_a_template_that_would_never_end(text: str, desk: Desk) -> None:
    desk.write("w.yaml", _value(f'"{text}"'))
    said = refused(desk.call("run", "w.yaml"), Exit.FAILED, "expression_too_expensive")
    assert "--> step a" in said
    desk.ok("run", "fine")


@pytest.mark.parametrize("name", ["nothing.yaml", "fien", "", "folder", "/dev/null", "no/such/w"])
def test_a_workflow_that_is_not_there(name: str, desk: Desk) -> None:
    (desk.folder / "folder").mkdir()
    refused(desk.call("run", name), Exit.MISSING, "workflow_missing")
    refused(desk.call("validate", name), Exit.MISSING, "workflow_missing")
    said = refused_as_json(desk.call("run", name, "--json"), Exit.MISSING, "workflow_missing")
    assert f"`{name}`" in said
    nothing_begun(desk)


@pytest.mark.slow
def test_a_name_that_is_no_text(desk: Desk) -> None:
    Path(os.fsdecode(b"w\xff.yaml")).write_text(OK)
    desk.ok("run", os.fsdecode(b"w\xff.yaml"))
    said = desk.run("run", os.fsdecode(b"v\xff.yaml"))
    assert "v\\udcff.yaml" in refused(said, Exit.MISSING, "workflow_missing")
