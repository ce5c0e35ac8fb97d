"""Keys and types: every mismatch of a file at once, with place, own words and nearest names."""

import pytest

from tests.unit.core.workflows.authoring import said, wrong

SPANS = "Write a number and a unit, such as 250ms, 30s, 5m, 1h30m or 2d."


def test_everything_wrong_in_a_file_is_told_at_once() -> None:
    assert said("""\
        nmae: x
        inputs: {a: {type: strng}, b: , c: 3}
        budget: {usd: -1, time: soon}
        concurrency: {max: 1}
        steps:
          - id: 5
            promt: x
            ask: hi
            timeout: 3 parsecs
            retry: {attempts: 0}
            on_error: explode
            depends_on:
          - wait: {for: [1]}
            id: y
            compensate: [1]
          - 3
    """) == [
        "1:1 unknown_key",
        "2:20 wrong_value",
        "2:36 wrong_type",
        "3:15 out_of_range",
        "3:25 span_broken",
        "4:1 not_available_yet",
        "6:9 wrong_type",
        "7:5 unknown_key",
        "9:14 span_broken",
        "10:23 out_of_range",
        "11:15 wrong_value",
        "12:5 wrong_type",
        "13:17 wrong_type",
        "15:17 wrong_type",
        "16:5 wrong_type",
    ]


def test_a_mistyped_key_is_not_told_twice() -> None:
    problems = wrong("nmae: x\nsteps: [{id: a, ask: hi}]")
    assert [(one.code, one.advice) for one in problems] == [("unknown_key", "Did you mean `name`?")]


def test_what_is_needed_is_said_with_its_meaning() -> None:
    problems = wrong("description: x")
    assert [(one.message, one.advice) for one in problems] == [
        ("A workflow needs the key `name`.", "Name of the workflow."),
        ("A workflow needs the key `steps`.", "The steps, in order."),
    ]


@pytest.mark.parametrize(
    ("line", "message", "advice"),
    [
        ("prompt: 5", "`prompt` must be text, this is a whole number.", "Put it in quotes."),
        ("prompt: [a]", "`prompt` must be text, this is a list.", "Give it text."),
        ("prompt:", "`prompt` has no value.", "Give it text."),
        ("prompt: ''", "`prompt` must not be empty.", "Write a text, or remove it."),
        (
            "concurrency: many",
            "`concurrency` must be a whole number, this is text.",
            "Give it a whole number.",
        ),
        (
            "concurrency: 1.5",
            "`concurrency` must be a whole number, this is a number.",
            "Give it a whole number.",
        ),
        (
            "concurrency: true",
            "`concurrency` must be a whole number, this is true or false.",
            "Give it a whole number.",
        ),
        ("join: al", "`join` must be `all`, `always` or `any`, not `al`.", "Did you mean `all`?"),
        (
            "corrections: 99",
            "`corrections` must be between 0 and 20.",
            "Write such a number in place of 99.",
        ),
        (
            "output: 5",
            "`output` must be text or a mapping, this is a whole number.",
            "Give it text or a mapping.",
        ),
        (
            "on_error: []",
            "`on_error` must be `continue`, `fail` or a mapping, this is a list.",
            "Give it `continue`, `fail` or a mapping.",
        ),
        ("timeout: -1", "`timeout` must be a span of time of at most 100 years, not -1.", SPANS),
    ],
)
def test_types_are_told_in_our_words(line: str, message: str, advice: str) -> None:
    text = f"name: x\nsteps:\n  - id: a\n    agent: writer\n    {line}\n"
    found = next(one for one in wrong(text) if one.message == message)
    assert found.advice == advice
    assert found.place.line == 5


@pytest.mark.parametrize(
    ("key", "ours"),
    [("needs", "depends_on"), ("if", "when"), ("args", "with"), ("foreach", "for_each")],
)
def test_words_of_other_programs_lead_to_ours(key: str, ours: str) -> None:
    found = wrong(f"name: x\nsteps: [{{id: a, ask: hi, {key}: x}}]")
    assert [(one.code, one.advice) for one in found] == [("unknown_key", f"Did you mean `{ours}`?")]


LATER = {
    "triggers": "triggers: [{schedule: {cron: '0 7 * * *'}}]",
    "concurrency": "concurrency: {key: x, max: 1}",
    "secrets": "secrets: [crm_token]",
}


@pytest.mark.parametrize("key", LATER)
def test_reserved_keys_of_a_workflow_name_their_capability(key: str) -> None:
    text = f"name: x\n{LATER[key]}\nsteps: [{{id: a, ask: hi}}]"
    found = wrong(text)
    assert [(one.code, one.place.line, one.place.column) for one in found] == [
        ("not_available_yet", 2, 1)
    ]
    assert "comes with" in found[0].message


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ("{id: a, team: {agents: [x], goal: y}}", "2:17"),
    ],
)
def test_reserved_keys_of_a_step_name_their_capability(step: str, place: str) -> None:
    assert said(f"name: x\nsteps: [{step}]") == [f"{place} not_available_yet"]


def test_true_false_and_numbers_are_expressions() -> None:
    assert said("name: x\nsteps: [{id: a, ask: hi, when: true}, {id: b, ask: hi, when: 0}]") == []


def test_empty_places_for_steps_are_told() -> None:
    assert said("name: x\nsteps: []") == ["2:8 steps_missing"]
    assert said("name: x\nsteps: [{id: a, steps: []}]") == ["2:24 steps_missing"]
    assert said("name: x\nsteps: [{id: a, parallel: {}}]") == ["2:17 branches_missing"]
    assert said("name: x\nsteps: [{id: a, parallel: {b: []}}]") == ["2:31 steps_missing"]
    assert said("name: x\nsteps: [{id: a, switch: {cases: []}}]") == ["2:26 cases_missing"]


RESERVED = """\
name: later
triggers:
  - schedule: {cron: "0 7 * * 1-5", timezone: Europe/Rome, catch_up: last}
  - webhook: {name: orders, map: {order: "{{ body.order }}"}}
  - message: {channel: telegram, match: "/report *"}
  - event: {type: deadline_near}
concurrency: {key: "{{ inputs.customer }}", max: 1, policy: queue}
secrets: [crm_token]
steps:
  - {id: a, approval: {title: x, approvers: [role:finance], need: 2, remind: 4h, escalate: {after: 1d, to: role:cfo}, expires: 3d}}
  - {id: b, wait: {signal: paid, match: "{{ signal.order == inputs.order }}"}}
  - {id: c, team: {agents: [researcher, critic], goal: g, speaker: plan, until: u, max_turns: 12}}
  - {id: d, code: {language: python, source: s, input: {}, packages: [], timeout: 30s}}
"""  # noqa: E501 - as the language's page has it


def test_the_reserved_grammar_is_known_and_not_there_yet() -> None:
    assert said(RESERVED) == [
        "2:1 not_available_yet",
        "7:1 not_available_yet",
        "8:1 not_available_yet",
        "12:13 not_available_yet",
    ]
