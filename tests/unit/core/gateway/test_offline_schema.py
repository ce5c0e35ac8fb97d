"""Structured answers of the offline model are valid under whatever schema asks for them."""

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.offline.model import answer
from kapell.kit.json import Json
from tests.drawing import examples

TICKET = (
    "Order: A-1099. My name is Anna Rossi, write to anna@example.com. I paid $49.90 on 2026-03-02 "
    "for 3 seats, see https://example.com/o/1099. The export fails. Please refund me."
)


def value(schema: Json, prompt: str = f"Read this ticket: {TICKET}") -> Json:
    request = ModelRequest(model="offline", messages=(Message("user", prompt),), schema=schema)
    return answer(request).value


def test_fields_are_found_by_name_and_format() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "order": {"type": "string"},
            "customer_name": {"type": "string"},
            "email": {"type": "string", "format": "email"},
            "paid_on": {"type": "string", "format": "date"},
            "amount": {"type": "number"},
            "seats": {"type": "integer"},
            "link": {"type": "string", "format": "uri"},
            "refund_requested": {"type": "boolean"},
        },
    }
    assert value(schema) == {
        "order": "A-1099",
        "customer_name": "Anna Rossi",
        "email": "anna@example.com",
        "paid_on": "2026-03-02",
        "amount": 49.9,
        "seats": 3,
        "link": "https://example.com/o/1099",
        "refund_requested": True,
    }


def test_what_is_not_in_the_prompt_stays_neutral() -> None:
    schema: Json = {
        "type": "object",
        "required": ["email", "age", "note"],
        "properties": {
            "email": {"type": ["string", "null"], "format": "email"},
            "age": {"type": "integer", "minimum": 1},
            "note": {"type": "string"},
        },
    }
    assert value(schema, "hello") == {"email": None, "age": 1, "note": ""}


def test_lists_are_made_from_bullets() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"tasks": {"type": "array", "items": {"type": "string"}}},
    }
    made = value(schema, "List the tasks:\n- buy milk\n- call Anna\n- sleep")
    assert made == {"tasks": ["buy milk", "call Anna", "sleep"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
        {"type": "string", "pattern": "^(foo|bar)+[^x-z]?$", "minLength": 6},
        {"type": "string", "minLength": 40, "maxLength": 45},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": "number", "exclusiveMinimum": 3, "exclusiveMaximum": 3.5},
        {"type": "integer", "minimum": 7, "multipleOf": 5},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "integer"}},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        {"type": "array", "contains": {"const": 5}, "items": {"type": "integer"}},
        {"type": "object", "minProperties": 2},
        {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}},
        {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"const": 1}}}]},
        {"oneOf": [{"type": "integer"}, {"type": "null"}]},
        {"anyOf": [{"type": "string", "minLength": 900, "maxLength": 3}, {"type": "boolean"}]},
        {"const": {"fixed": [1, 2]}},
        {"enum": [None, 4, "four", {"v": 4}]},
        {"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "required": ["n"], "properties": {
            "n": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/t"}}}}}},
        {"type": ["null", "integer"]},
        {},
        True,
    ],
)  # fmt: skip
def test_a_schema_is_satisfied(schema: Json) -> None:
    made = value(schema)
    jsonschema_rs.validate(schema, made, validate_formats=True)  # type: ignore[arg-type]  # plain data


def _bounded(
    kind: str, low: str, high: str, widths: st.SearchStrategy[int]
) -> st.SearchStrategy[dict[str, object]]:
    lowest = st.integers(0, 30) if kind == "string" else st.integers(-50, 50)
    return st.builds(
        lambda start, width: {"type": kind, low: start, high: start + width}, lowest, widths
    )


def _keyed(key: str, *values: str) -> st.SearchStrategy[dict[str, object]]:
    return st.sampled_from(values).map(lambda value: {"type": "string", key: value})


_leaves: st.SearchStrategy[dict[str, object]] = st.one_of(
    _bounded("integer", "minimum", "maximum", st.integers(0, 9)),
    _bounded("number", "minimum", "exclusiveMaximum", st.integers(1, 9)),
    _bounded("string", "minLength", "maxLength", st.integers(0, 9)),
    _keyed("format", "email", "date", "date-time", "uri", "ipv4", "time"),
    _keyed("pattern", "^\\d{3}$", "^[a-f]+$", "a|b", "^x?y*z{2,4}$"),
    st.lists(st.sampled_from(["low", "high", "billing", "yes", "p1"]), min_size=1, unique=True).map(
        lambda names: {"enum": names}
    ),
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"]}),
)
_names = st.sampled_from(
    ["urgency", "topic", "reply", "email", "date", "count", "tags", "title", "x"]
)


def _objects(
    children: st.SearchStrategy[dict[str, object]],
) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(_names, children, max_size=4).map(
        lambda known: {
            "type": "object",
            "properties": known,
            "required": sorted(known)[::2],
            "additionalProperties": False,
        }
    )


def _lists(children: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    return st.builds(
        lambda items, least: {
            "type": "array",
            "items": items,
            "minItems": least,
            "maxItems": least + 2,
        },
        children,
        st.integers(0, 3),
    )


_schemas = st.recursive(
    _leaves,
    lambda children: st.one_of(
        _objects(children),
        _lists(children),
        st.lists(children, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(150))
@given(
    schema=_schemas,
    prompt=st.sampled_from([TICKET, "", "Tags: a, b", "- one\n- two\nurgent 7 12.5"]),
)
def test_any_satisfiable_schema_is_satisfied(schema: dict[str, object], prompt: str) -> None:
    made = value(schema, prompt)  # type: ignore[arg-type]  # plain data
    jsonschema_rs.validate(schema, made, validate_formats=True)
    assert value(schema, prompt) == made  # type: ignore[arg-type]  # plain data
