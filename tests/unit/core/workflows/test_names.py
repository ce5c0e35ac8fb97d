"""Every name in every expression is checked where it stands."""
# ruff: noqa: E501 - one-line YAML samples whose columns are counted

import pytest

from tests.unit.core.workflows.authoring import said, wrong


def in_ask(expression: str, rest: str = "") -> list[str]:
    """Return codes for an expression in the last of three steps, `load`, `c-d` and `here`."""
    text = f"""\
name: x
inputs: {{city: {{type: string}}, rows: {{type: array}}}}
steps:
  - {{id: load, set: {{a: 1}}}}
  - {{id: c-d, steps: [{{id: inner, ask: hi}}]}}
  - {{id: here, ask: "{{{{ {expression} }}}}"{rest}}}
"""
    return [one.split()[1] for one in said(text)]


@pytest.mark.parametrize(
    "expression",
    [
        "inputs.city",
        "inputs",
        "inputs['city'] | upper",
        "steps.load.output.a",
        "steps.load.output.items.items",
        "steps.load.status",
        "steps.load.error.code",
        "steps['c-d'].output",
        "run.id ~ run.started_at ~ run.scheduled_for ~ run.attempt_of ~ run.tenant",
        "[1, 2] | first",
        "range(3) | list",
        "true and not none",
    ],
)
def test_names_that_are_there(expression: str) -> None:
    assert in_ask(expression) == []


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("inputs.citty", ["input_unknown"]),
        ("city", ["name_unknown"]),
        ("load.output", ["name_unknown"]),
        ("steps.loud.output", ["step_unknown"]),
        ("steps.inner.output", ["step_not_visible"]),
        ("steps.load", ["step_member_missing"]),
        ("steps.load.outputs", ["step_member_unknown"]),
        ("steps.load.a", ["step_member_unknown"]),
        ("steps.here.output", ["step_not_ended"]),
        ("steps | length", ["step_not_named"]),
        ("steps[inputs.city].output", ["step_not_named"]),
        ("run.ide", ["name_unknown"]),
        ("item", ["name_unknown"]),
        ("index", ["name_unknown"]),
        ("pass.number", ["name_unknown"]),
        ("error.code", ["name_unknown"]),
        ("signal", ["name_unknown"]),
        ("env.HOME", ["name_unknown"]),
        ("1 +", ["expression_syntax"]),
        ("inputs.__class__", ["expression_denied"]),
    ],
)
def test_names_that_are_not(expression: str, codes: list[str]) -> None:
    assert in_ask(expression) == codes


@pytest.mark.parametrize(
    ("expression", "advice"),
    [
        ("inputs.citty", "Did you mean `city`?"),
        ("city", "Write `inputs.city`."),
        ("load.output", "Write `steps.load.output`."),
        ("steps.loud.output", "Did you mean `load`?"),
        ("steps.inner.output", "Read `steps['c-d'].output`."),
        ("steps.load.a", "Write `steps.load.output.a` for a part of its output."),
        ("steps.load.outputs", "Did you mean `output`?"),
        ("steps.c-d.output", "An id with a dash is read as steps['c-d']."),
        ("inputs.city == null", "Nothing is written `none` in expressions."),
        ("error.code", "`error` is seen only in the steps of an `on_error`."),
    ],
)
def test_each_says_what_was_meant(expression: str, advice: str) -> None:
    text = f"""\
name: x
inputs: {{city: {{type: string}}}}
steps:
  - {{id: load, set: {{a: 1}}}}
  - {{id: c-d, steps: [{{id: inner, ask: hi}}]}}
  - {{id: here, ask: "{{{{ {expression} }}}}"}}
"""
    assert wrong(text)[0].advice == advice


def test_places_lead_into_the_text() -> None:
    assert said("""\
        name: x
        inputs: {a: {type: string}}
        steps:
          - id: one
            ask: plain {{ inputs.b }} and {{ inputs.c }}
          - id: two
            ask: |
              first line
                {{ inputs.d }}
          - id: three
            when: inputs.e == 1
            set: {deep: [{er: "{{ inputs.f }}"}]}
    """) == [
        "5:19 input_unknown",
        "5:38 input_unknown",
        "9:12 input_unknown",
        "11:11 input_unknown",
        "12:27 input_unknown",
    ]


def test_a_workflow_without_inputs_accepts_any() -> None:
    assert said("name: x\nsteps: [{id: a, ask: '{{ inputs.whatever }}'}]") == []


def test_items_are_seen_inside_their_for_each_only() -> None:
    text = """\
        name: x
        steps:
          - id: a
            for_each: [1, 2]
            as: row
            where: row > 1 and index < 5
            ask: "{{ row }} {{ index }}"
            compensate: {tool: undo, with: {row: "{{ row }}"}}
            cache: {ttl: 1h, key: "{{ row }}"}
          - id: b
            for_each: "{{ steps.a.output }}"
            when: %s
            on_error:
              steps: [{id: h, ask: "%s"}]
            steps:
              - {id: c, ask: "{{ item.output }}"}
              - {id: d, for_each: "{{ item.output }}", as: %s, ask: "{{ item }}"}
            result: "steps.c.output ~ item.index"
    """
    assert said(text % ("'true'", "x", "inner")) == []
    assert said(text % ("item", "{{ item }}", "item")) == [
        "12:11 name_unknown",
        "14:32 name_unknown",
        "17:52 name_hides",
    ]


@pytest.mark.requirement("WF-03")
def test_pass_is_seen_in_a_loop_only() -> None:
    text = """\
        name: x
        steps:
          - id: a
            loop:
              steps:
                - {id: b, ask: "{{ pass.number }} {{ pass.previous }} %s"}
              until: steps.b.output == 'done' and pass.number > 1
              max: 3
            result: steps.b.output
          - {id: c, ask: "{{ steps.a.output.passes }}"}
    """
    assert said(text % "") == []
    assert said(text % "{{ pass.next }}") == ["6:66 name_unknown"]


def test_a_handler_sees_the_error_and_what_came_before() -> None:
    text = """\
        name: x
        steps:
          - {id: before, set: {}}
          - id: a
            ask: hi
            on_error:
              steps:
                - {id: h, ask: "{{ error.code }} {{ error.message }} {{ error.step }}"}
                - {id: i, ask: "{{ steps.before.output }} {{ steps.h.output }} %s"}
    """
    assert said(text % "") == []
    assert said(text % "{{ error.trace }}") == ["9:75 name_unknown"]
    assert said(text % "{{ steps.a.output }}") == ["9:75 step_not_ended"]


def test_an_undo_sees_what_its_step_made() -> None:
    text = """\
        name: x
        steps:
          - id: a
            tool: make
            compensate: %s
    """
    assert said(text % '{tool: unmake, with: {id: "{{ steps.a.output.id }}"}}') == []
    assert said(text % '{steps: [{id: u, ask: "{{ steps.a.output.id }}"}]}') == []
    assert said(text % '{tool: unmake, with: {id: "{{ steps.b.output.id }}"}}') == [
        "5:47 step_unknown"
    ]


def test_a_match_sees_the_signal() -> None:
    assert (
        said("""\
        name: x
        steps:
          - id: a
            wait: {signal: paid, match: signal.order == inputs.order}
          - id: b
            wait: {signal: paid, match: "{{ signal.order == inputs.order }}"}
    """)
        == []
    )


def test_results_and_outputs_see_every_step_of_their_sequence() -> None:
    assert said("""\
        name: x
        steps:
          - id: a
            steps:
              - {id: b, ask: hi}
              - {id: c, depends_on: [], ask: hi}
            result: "[steps.b.output, steps.c.output]"
          - {id: d, depends_on: [], ask: hi}
        outputs: {one: "{{ steps.a.output }}", two: "{{ steps.d.output }}", no: "{{ steps.b.output }}"}
    """) == ["9:77 step_not_visible"]


@pytest.mark.requirement("WF-04")
def test_branches_do_not_see_each_other() -> None:
    assert said("""\
        name: x
        steps:
          - id: fan
            parallel:
              left: [{id: a, ask: hi}]
              right: [{id: b, ask: "{{ steps.a.output }}"}, {id: c, ask: "{{ steps.b.output }}"}]
          - {id: in, ask: "{{ steps.fan.output.left }}"}
    """) == ["6:32 step_not_visible"]


def test_an_inner_id_may_not_hide_an_outer_one() -> None:
    assert said("""\
        name: x
        steps:
          - {id: a, ask: hi}
          - id: b
            steps:
              - {id: a, ask: hi}
              - {id: c, parallel: {left: [{id: d, ask: hi}], right: [{id: d, ask: hi}, {id: b, ask: hi}]}}
          - {id: a, ask: hi}
    """) == ["6:14 id_hides", "7:85 id_hides", "8:10 id_twice"]
