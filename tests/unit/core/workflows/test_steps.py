"""A step by itself: one kind, keys that belong to it, values that mean something."""
# ruff: noqa: E501 - one-line YAML samples whose columns are counted

import pytest

from tests.unit.core.workflows.authoring import compiled, said, wrong


def of(step: str) -> list[str]:
    """Return what is wrong with one step, written on the second line from column 9."""
    return said(f"name: x\nsteps: [{step}]\n")


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        ("{id: a}", ["2:9 kind_missing"]),
        ("{id: a, description: only words}", ["2:9 kind_missing"]),
        ("{id: a, ask: hi, tool: x}", ["2:26 kind_twice"]),
        ("{id: a, agent: writer}", ["2:17 prompt_missing"]),
        ("{id: a, agent: writer, prompt: x, action: y}", ["2:43 prompt_twice"]),
        ("{id: a, ask: hi, prompt: x}", ["2:26 key_alone"]),
        ("{id: a, agent: writer, prompt: x, params: {b: 1}}", ["2:43 key_alone"]),
        ("{id: a, ask: hi, with: {b: 1}}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, detached: true}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, result: '1'}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, as: b}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, where: 'true'}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, concurrency: 2}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, on_item_error: fail}", ["2:26 key_alone"]),
        ("{id: a, ask: hi, corrections: 2}", ["2:26 key_alone"]),
        ("{id: a b, ask: hi}", ["2:14 id_broken"]),
        ("{id: -a, ask: hi}", ["2:14 id_broken"]),
        ("{id: 'a/b', ask: hi}", ["2:14 id_broken"]),
        ("{id: " + "a" * 101 + ", ask: hi}", ["2:14 id_broken"]),
        ("{id: a, ask: hi, for_each: [1], as: 'a-b'}", ["2:45 name_broken"]),
        ("{id: a, ask: hi, for_each: [1], as: if}", ["2:45 name_broken"]),
        ("{id: a, ask: hi, for_each: [1], as: steps}", ["2:45 name_taken"]),
        ("{id: a, ask: hi, for_each: [1], as: index}", ["2:45 name_taken"]),
        ("{id: a, ask: hi, for_each: [1], concurrency: 0}", ["2:54 out_of_range"]),
        ("{id: a, wait: {}}", ["2:23 wait_unclear"]),
        ("{id: a, wait: {for: 5m, signal: x}}", ["2:33 wait_unclear"]),
        ("{id: a, wait: {for: 5m, match: 'true'}}", ["2:33 key_alone"]),
        ("{id: a, wait: {signal: '{{ x }}'}}", ["2:32 template_not_here"]),
        ("{id: a, wait: {for: soon}}", ["2:29 span_broken"]),
        ("{id: a, wait: {until: tomorrow}}", ["2:31 instant_broken"]),
        ("{id: a, wait: {for: 100000000d}}", ["2:29 span_too_long"]),
        ("{id: a, wait: {for: 1e300}}", ["2:29 span_too_long"]),
        ("{id: a, wait: {until: '9999-12-31T23:59:59-12:00'}}", ["2:31 instant_out_of_range"]),
        ("{id: a, wait: {until: 1969-12-31}}", ["2:31 instant_out_of_range"]),
        ("{id: a, ask: hi, timeout: 1e300}", ["2:35 span_too_long"]),
        ("{id: a, approval: {title: x, expires: 100000000d}}", ["2:47 span_too_long"]),
        ("{id: a, approval: {data: {b: 1}}}", ["2:27 missing_key"]),
        ("{id: a, approval: {title: x, data: {b: 1}, edit: [b, c]}}", ["2:62 edit_unknown"]),
        ("{id: a, ask: hi, compensate: {}}", ["2:38 compensate_unclear"]),
        ("{id: a, ask: hi, compensate: {agent: writer}}", ["2:39 prompt_missing"]),
        ("{id: a, ask: hi, compensate: {tool: t, prompt: x}}", ["2:48 key_alone"]),
        ("{id: a, ask: hi, compensate: {steps: [{id: b, ask: x}], with: {}}}", ["2:65 key_alone"]),
        ("{id: a, loop: {steps: [{id: b, ask: x}]}}", ["2:23 missing_key"]),
        ("{id: a, loop: {steps: [{id: b, ask: x}], until: 'true', max: 1001}}", ["2:70 out_of_range"]),
        ("{id: a, loop: {steps: [{id: b, ask: x}], until: 'true', max: 0}}", ["2:70 out_of_range"]),
        ("{id: a, parallel: {'x y': [{id: b, ask: x}]}}", ["2:28 id_broken"]),
    ],
)  # fmt: skip
def test_what_a_step_may_not_be(step: str, problems: list[str]) -> None:
    assert of(step) == problems


@pytest.mark.requirement("WF-02")
@pytest.mark.parametrize(
    ("cases", "problems"),
    [
        (
            "[{name: a, when: 'true', steps: &s [{id: b, ask: x}]}, {name: c, when: '1 == 2', steps: *s}]",
            ["2:88 case_unreachable"],
        ),
        (
            "[{name: a, when: 'inputs.x == 1', steps: &s [{id: b, ask: x}]}, "
            "{name: c, when: ' inputs.x  == 1', steps: *s}]",
            ["2:97 case_unreachable"],
        ),
        (
            "[{name: a, when: '1 == 2', steps: &s [{id: b, ask: x}]}, {name: a, when: '1 == 3', steps: *s}]",
            ["2:97 case_twice"],
        ),
        ("[{name: else, when: '1 == 2', steps: [{id: b, ask: x}]}]", ["2:41 name_taken"]),
        ("[{name: a, steps: [{id: b, ask: x}]}]", ["2:34 missing_key"]),
    ],
)  # fmt: skip
def test_cases_that_cannot_be(cases: str, problems: list[str]) -> None:
    assert of(f"{{id: s, switch: {{cases: {cases}}}}}") == problems


def test_else_after_a_case_that_always_holds_is_never_reached() -> None:
    text = """\
        name: x
        steps:
          - id: s
            switch:
              cases: [{name: a, when: true, steps: [{id: b, ask: x}]}]
              else: [{id: c, ask: x}]
    """
    assert said(text) == ["6:7 case_unreachable"]


def test_a_for_each_takes_a_lone_template_or_a_list() -> None:
    assert of("{id: a, ask: hi, for_each: 'inputs.rows'}") == ["2:36 template_not_lone"]
    assert of("{id: a, ask: hi, for_each: 'a {{ inputs.rows }}'}") == ["2:36 template_not_lone"]
    assert of("{id: a, ask: hi, for_each: '{{ inputs.rows }}'}") == []
    assert of("{id: a, ask: '{{ item }}', for_each: [1, '{{ inputs.b }}']}") == []
    many = ", ".join(["0"] * 10_001)
    assert of(f"{{id: a, ask: hi, for_each: [{many}]}}") == ["2:26 items_too_many"]


def test_a_bare_path_gets_the_line_that_mends_it() -> None:
    found = wrong("name: x\nsteps: [{id: a, ask: hi, for_each: inputs.rows}]")
    assert found[0].advice == 'Write `for_each: "{{ inputs.rows }}"`.'


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("{id: a, ask: hi, when: '{{ inputs.b }}'}", "braces_not_needed"),
        ("{id: a, set: {b: 1}, model: offline}", "key_without_effect"),
        ("{id: a, wait: {for: 5m}, timeout: 3s}", "key_without_effect"),
        ("{id: a, approval: {title: x}, retry: {attempts: 2}}", "key_without_effect"),
    ],
)
def test_what_is_odd_is_a_warning(step: str, code: str) -> None:
    _, warnings = compiled(f"name: x\nsteps: [{step}]")
    assert [one.code for one in warnings] == [code]


@pytest.mark.parametrize(
    ("inputs", "problems"),
    [
        ("{a: {type: integer, default: x}}", ["2:38 input_wrong"]),
        ("{a: {type: integer, enum: [1, x]}}", ["2:39 input_wrong"]),
        ("{a: {enum: [b, c], default: d}}", ["2:37 input_wrong"]),
        ("{a: {enum: []}}", ["2:14 input_wrong"]),
        ("{'a b': {type: string}}", ["2:10 id_broken"]),
    ],
)
def test_inputs_that_contradict_themselves(inputs: str, problems: list[str]) -> None:
    assert said(f"name: x\ninputs: {inputs}\nsteps: [{{id: s, ask: hi}}]") == problems
