"""Values walked along with their schema: every keyword that speaks of a part leads to it."""

import pytest

from kapell.core.tools.paths import PATH_MARK, paths_in
from kapell.core.tools.walking import walked
from kapell.kit.json import Json

PATH: Json = {"type": "string", PATH_MARK: True}


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("schema", "value", "places"),
    [
        ({"properties": {"a": PATH}}, {"a": "x", "b": "y"}, {"a": "x"}),
        ({"additionalProperties": PATH, "properties": {"a": {}}}, {"a": "x", "b": "y"}, {"b": "y"}),
        ({"patternProperties": {"^f": PATH}}, {"from": "x", "to": "y"}, {"from": "x"}),
        ({"unevaluatedProperties": PATH}, {"a": "x"}, {"a": "x"}),
        ({"propertyNames": PATH}, {"x": 1}, {"x (its name)": "x"}),
        ({"items": PATH}, ["x", 1, "y"], {"0": "x", "2": "y"}),
        ({"prefixItems": [PATH], "items": {}}, ["x", "y"], {"0": "x"}),
        ({"prefixItems": [{}], "items": PATH}, ["x", "y"], {"1": "y"}),
        ({"items": [{}, PATH], "additionalItems": PATH}, ["x", "y", "z"], {"1": "y", "2": "z"}),
        ({"anyOf": [{"type": "null"}, PATH]}, "x", {"": "x"}),
        ({"oneOf": [{"items": PATH}]}, ["x"], {"0": "x"}),
        ({"allOf": [{"properties": {"a": {"allOf": [PATH]}}}]}, {"a": "x"}, {"a": "x"}),
        ({"if": {}, "then": {"properties": {"a": PATH}}}, {"a": "x"}, {"a": "x"}),
        ({"dependentSchemas": {"b": {"properties": {"a": PATH}}}}, {"a": "x"}, {"a": "x"}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": PATH}}, "x", {"": "x"}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": PATH}}, "x", {"": "x"}),
        ({"$ref": "#/anyOf/1", "anyOf": [{}, PATH]}, "x", {"": "x"}),
    ],
)
def test_every_part_that_a_schema_marks_is_found(
    schema: Json, value: Json, places: dict[str, str]
) -> None:
    assert dict(paths_in(schema, value)) == places


def test_a_schema_that_leads_in_circles_or_nowhere_ends_with_the_value() -> None:
    tree: Json = {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "properties": {"at": PATH, "left": {"$ref": "#/$defs/Tree"}},
                "anyOf": [{"$ref": "#/$defs/Tree"}, {"$ref": "#/$defs/Gone"}, {"$ref": "#"}],
            },
        },
    }
    value: Json = {"at": "a", "left": {"at": "b", "left": {"at": "c"}}}
    assert dict(paths_in(tree, value)) == {"at": "a", "left.at": "b", "left.left.at": "c"}


def test_alternatives_that_hold_each_other_do_not_multiply_the_work() -> None:
    one: Json = {"properties": {"next": {"$ref": "#/$defs/Any"}, "at": PATH}}
    schema: Json = {
        "$ref": "#/$defs/Any",
        "$defs": {"Any": {"anyOf": [{"$ref": f"#/$defs/{n}"} for n in range(9)]}}
        | {str(number): one for number in range(9)},
    }
    value: Json = {"at": "x"}
    for _ in range(40):
        value = {"next": value, "at": "x"}
    assert len(dict(paths_in(schema, value))) == 41


def test_what_is_marked_is_changed_and_nothing_else() -> None:
    schema: Json = {"properties": {"a": PATH}, "propertyNames": PATH}
    changed = walked(
        schema, {"a": "x", "b": "y"}, lambda one: PATH_MARK in one, lambda _, value: f"<{value}>"
    )
    assert changed == {"<a>": "<x>", "<b>": "y"}
