"""Property keys on the wire: safe everywhere, and back as they were."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.adapters.llm.remote.keys import Fitting, Keys
from kapell.adapters.llm.remote.naming import wire_key
from kapell.adapters.llm.remote.offering import rooted
from kapell.kit.json import Json

SAFE = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
KEYS = st.text(alphabet="ab9._-é []日", max_size=80)
ODD = ("filter[name]", "x y", "größe", "$top", "k" * 65, "", "日本")
VALUES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.sampled_from(ODD), inner, max_size=3)
    ),
)


def declaring(*keys: str) -> dict[str, Json]:
    """Return a schema with these properties."""
    return {"type": "object", "properties": {key: {} for key in keys}}


@pytest.mark.parametrize("key", ["path", "X-Api.Version_2", "0", "k" * 64])
def test_a_key_that_every_wire_takes_stays(key: str) -> None:
    assert wire_key(key) == key


def test_an_odd_key_stays_readable() -> None:
    assert re.fullmatch(r"filter_name_x[0-9a-f]{10}", wire_key("filter[name]"))


@pytest.mark.requirement("LG-11")
@given(KEYS)
def test_any_key_is_safe(key: str) -> None:
    assert SAFE.fullmatch(wire_key(key))


@given(KEYS, KEYS)
def test_two_keys_never_become_one(first: str, second: str) -> None:
    assert (wire_key(first) == wire_key(second)) == (first == second)
    assert len({wire_key(first), wire_key(wire_key(first))}) == 1 + (wire_key(first) != first)


@pytest.mark.requirement("LG-11", "TL-03")
@given(st.lists(KEYS | st.sampled_from(ODD), max_size=6), VALUES)
def test_there_and_back_is_what_it_was(keys: list[str], value: Json) -> None:
    made = Keys(declaring(*keys))
    assert made.back(made.there(value)) == value
    assert made.back(value) == value


@given(st.lists(KEYS | st.sampled_from(ODD), max_size=6))
def test_every_property_shown_is_safe(keys: list[str]) -> None:
    schema = declaring(*keys)
    shown = Keys(schema).shown(schema)
    assert len(shown["properties"]) == len(set(keys))
    assert all(map(SAFE.fullmatch, shown["properties"]))


def test_every_word_that_names_a_key_follows() -> None:
    at, odd = wire_key("a b"), "a b"
    schema: Json = {
        "properties": {
            odd: {"description": "One.", "default": {odd: odd}},
            "properties": {"properties": {odd: {"type": "string"}}},
            "same": {"$ref": "#/properties/a%20b"},
            "other": {"$ref": "#/$defs/a b"},
        },
        "required": [odd, "same"],
        "dependentRequired": {odd: [odd, "same"], "same": [odd]},
        "dependentSchemas": {odd: {"required": [odd]}},
        "dependencies": {odd: [odd], "same": {"required": [odd]}},
        "propertyNames": {"enum": [odd, "same"], "pattern": odd},
        "patternProperties": {odd: {"required": [odd]}},
        "not": {"required": [odd]},
        "$defs": {"a b": {"enum": [odd, {odd: [odd]}]}},
    }
    assert Keys(schema).shown(schema) == {
        "properties": {
            at: {"description": "a b: One.", "default": {at: odd}},
            "properties": {"properties": {at: {"type": "string", "description": odd}}},
            "same": {"$ref": f"#/properties/{at}"},
            "other": {"$ref": "#/$defs/a b"},
        },
        "required": [at, "same"],
        "dependentRequired": {at: [at, "same"], "same": [at]},
        "dependentSchemas": {at: {"required": [at]}},
        "dependencies": {at: [at], "same": {"required": [at]}},
        "propertyNames": {"enum": [at, "same"], "pattern": odd},
        "patternProperties": {odd: {"required": [at]}},
        "not": {"required": [at]},
        "$defs": {"a b": {"enum": [odd, {at: [odd]}]}},
    }


def test_words_of_no_use_are_left_as_they_are() -> None:
    schema: Json = {
        "properties": {"a b": True},
        "required": True,
        "dependentRequired": 3,
        "$ref": 1,
    }
    assert Keys(schema).shown(schema) == {
        **{"required": True, "dependentRequired": 3, "$ref": 1},
        "properties": {wire_key("a b"): True},
    }


def test_what_is_fine_is_not_touched() -> None:
    schema = declaring("path")
    args: Json = {"path": 1, "a b": {"c d": 1}}
    fitting = Fitting(rooted)
    fitted = fitting.of(schema)
    assert (fitted.schema, bool(fitted.keys)) == (schema, False)
    assert fitted.keys.there(args) is args
    assert fitted.keys.back(args) is args


def test_a_schema_is_looked_through_once() -> None:
    looked: list[Json] = []

    def counting(schema: Json) -> dict[str, Json]:
        looked.append(schema)
        return rooted(schema)

    fitting, schema = Fitting(counting), declaring("a b")
    assert fitting.of(schema) is fitting.of(schema)
    assert looked == [schema]
    for number in range(3000):
        fitting.of(declaring(str(number)))
    assert fitting.of(schema).keys
    assert len(looked) == 3002


def test_a_value_may_be_deeper_than_the_stack() -> None:
    value: Json = 1
    for _ in range(5000):
        value = {"a b": [value]}
    made = Keys(declaring("a b"))
    there = made.there(value)
    for _ in range(5000):
        assert isinstance(there, dict)
        (inner,) = there[wire_key("a b")]
        there = inner
    assert there == 1
