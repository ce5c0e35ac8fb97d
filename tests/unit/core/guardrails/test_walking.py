"""Every text of a value is looked at: keys, numbers, texts, and JSON inside of texts."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.redacting import redacted
from kapell.core.guardrails.rules import Rules
from kapell.core.guardrails.walking import DEEPEST, walked
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from tests.drawing import examples

RULES = Rules()


def at(text: str) -> tuple[Finding, ...]:
    return look(text, RULES)


def change(text: str, findings: Sequence[Finding]) -> str:
    return redacted(text, findings)


def walk(value: Json) -> Json:
    return walked(value, at, change)


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("bob@example.com", "[EMAIL]"),
        ({"bob@example.com": 1}, {"[EMAIL]": 1}),
        ({"a@example.com": 1, "b@example.com": 2}, {"[EMAIL]": 1, "[EMAIL]_": 2}),
        (4111111111111111, "[CARD]"),
        (4111111111111111.0, "[CARD]"),
        ([1, 2.5, True, None], [1, 2.5, True, None]),
        ({"ssn": "123456789"}, {"ssn": "[SSN]"}),
        ({"ssn": 123456789}, {"ssn": "[SSN]"}),
        ({"order": "123456789"}, {"order": "123456789"}),
        ({"password": "hunter2"}, {"password": "[PASSWORD]"}),
        ({"phone": "5552345678"}, {"phone": "[PHONE]"}),
        (["4111", "1111", "1111", "1111"], ["[CARD]", "", "", ""]),
        (["a", 4111, 1111, 1111, 1111], ["a", "[CARD]", "", "", ""]),
        ('{"card": 4111111111111111}', '{"card":"[CARD]"}'),
        ('{"a": "x", "n": 1.50}', '{"a": "x", "n": 1.50}'),
        ('{"a": "bob@example.com", "a": "x"}', '{"a": "[EMAIL]", "a": "x"}'),
        ('{"who": "bob\\u0040example.com"}', '{"who":"[EMAIL]"}'),
        ('{"a": "{\\"b\\": \\"bob@example.com\\"}"}', '{"a":"{\\"b\\":\\"[EMAIL]\\"}"}'),
        ({"deep": [{"er": ["x bob@example.com"]}]}, {"deep": [{"er": ["x [EMAIL]"]}]}),
    ],
)
def test_a_value_is_changed_wherever_it_stands(value: Json, made: Json) -> None:
    assert walk(value) == made


def test_json_that_was_changed_is_still_json() -> None:
    text = json.dumps({"cards": [4111111111111111, 1], "text": 'a "quoted" bob@example.com'})
    made = walk(text)
    assert isinstance(made, str)
    assert json.loads(made) == {"cards": ["[CARD]", 1], "text": 'a "quoted" [EMAIL]'}


def test_what_was_found_is_told() -> None:
    told: list[str] = []

    def noted(text: str, findings: Sequence[Finding]) -> str:
        told.extend(one.kind for one in findings)
        return text

    walked({"a": ["bob@example.com", "x"], "b": 4111111111111111}, at, noted)
    assert sorted(told) == ["card", "email"]


def test_a_value_too_deep_to_be_checked_is_refused() -> None:
    value: Json = "bob@example.com"
    for _ in range(DEEPEST + 1):
        value = [value]
    with pytest.raises(Invalid) as refused:
        walk(value)
    assert refused.value.code == "guard_value_too_deep"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=examples(100), deadline=None)
@given(JSON)
def test_a_value_in_which_nothing_is_found_stays_what_it_is(value: Json) -> None:
    told: list[Finding] = []

    def noted(text: str, findings: Sequence[Finding]) -> str:
        told.extend(findings)
        return change(text, findings)

    made = walked(value, at, noted)
    assert told or made == value
