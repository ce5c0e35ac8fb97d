"""JSON Schemas as the offline model reads them: refs followed, ``allOf`` merged, values checked."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import jsonschema_rs

from kapell.kit.json import Json

Node = Mapping[str, Json]
_ROOT = "kapell:///schema"
_JOINED = ("required", "examples")
_DEEP = 16


class Schema:
    """A JSON Schema with its local references resolved as they are met.

    Args:
        root: The schema as the author wrote it; a boolean schema allows all or nothing.
    """

    def __init__(self, root: Json) -> None:
        self.root = _absolute(root if isinstance(root, Mapping) else {})
        self._document = cast(dict[str, Any], self.root)
        self._registry = jsonschema_rs.Registry([(_ROOT, self._document)])

    def fits(self, node: Node, value: Json) -> bool:
        """Tell whether ``value`` is valid under a node of this schema."""
        try:
            validator = jsonschema_rs.validator_for(
                cast(dict[str, Any], node),
                registry=self._registry,
                validate_formats=True,
                offline=True,
            )
            return validator.is_valid(value)
        except (ValueError, jsonschema_rs.ReferencingError):
            # A schema we cannot compile is checked by whoever asked for it.
            return True

    def flat(self, node: Json, depth: int = 0) -> dict[str, Json]:
        """Return a node with its reference followed and its ``allOf`` merged in."""
        if not isinstance(node, Mapping) or depth > _DEEP:
            return {}
        flat = {key: value for key, value in node.items() if key not in ("$ref", "allOf")}
        if isinstance(ref := node.get("$ref"), str):
            flat = merged(self.flat(self._target(ref), depth + 1), flat)
        parts = node.get("allOf")
        for part in parts if isinstance(parts, list) else []:
            flat = merged(flat, self.flat(part, depth + 1))
        return flat

    def branches(self, node: Node) -> list[dict[str, Json]]:
        """Return the node once for each of its ``anyOf`` or ``oneOf`` alternatives, merged."""
        for key in ("oneOf", "anyOf"):
            options = node.get(key)
            if isinstance(options, list) and options:
                base = {name: value for name, value in node.items() if name != key}
                return [merged(base, self.flat(option)) for option in options]
        return []

    def _target(self, ref: str) -> Json:
        _, _, pointer = ref.partition("#")
        here: Json = self.root
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(here, Mapping):
                here = here.get(name)
            elif isinstance(here, Sequence) and not isinstance(here, str) and name.isdigit():
                here = here[int(name)] if int(name) < len(here) else None
        return here


def merged(one: Mapping[str, Json], other: Mapping[str, Json]) -> dict[str, Json]:
    """Return a node that asks for what both ask for, as far as simple keywords go."""
    result = dict(one)
    for key, value in other.items():
        mine = result.get(key)
        if key == "properties" and isinstance(mine, Mapping) and isinstance(value, Mapping):
            names = dict.fromkeys([*mine, *value])
            result[key] = {name: _both(mine.get(name), value.get(name)) for name in names}
        elif key in _JOINED and isinstance(mine, list) and isinstance(value, list):
            result[key] = [*mine, *(item for item in value if item not in mine)]
        elif key == "enum" and isinstance(mine, list) and isinstance(value, list):
            result[key] = [item for item in mine if item in value]
        elif (
            key in ("minimum", "minLength", "minItems", "exclusiveMinimum")
            and isinstance(mine, int | float)
            and isinstance(value, int | float)
        ):
            result[key] = max(mine, value)
        elif (
            key in ("maximum", "maxLength", "maxItems", "exclusiveMaximum")
            and isinstance(mine, int | float)
            and isinstance(value, int | float)
        ):
            result[key] = min(mine, value)
        else:
            result[key] = value
    return result


def _both(one: Json, other: Json) -> Json:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other if one is None else one
    return {"allOf": [one, other]}


def types(node: Node) -> list[str]:
    """Return the JSON types a node allows, guessed from its keywords when it names none."""
    named = node.get("type")
    if isinstance(named, str):
        return [named]
    if isinstance(named, list):
        return [str(name) for name in named]
    for kind, keywords in (
        (
            "object",
            (
                "properties",
                "required",
                "additionalProperties",
                "minProperties",
                "patternProperties",
            ),
        ),
        ("array", ("items", "prefixItems", "minItems", "maxItems", "contains")),
        ("string", ("minLength", "maxLength", "pattern", "format")),
        ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ):
        if any(keyword in node for keyword in keywords):
            return [kind]
    return ["string"]


def _absolute(node: Json) -> Json:
    """Return a schema whose local references name the root, so that any part stands alone."""
    if isinstance(node, Mapping):
        result: dict[str, Json] = {}
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str) and value.startswith("#"):
                result[key] = f"{_ROOT}{value}"
            elif key in ("$id", "$schema") and isinstance(value, str):
                continue
            else:
                result[key] = (
                    _absolute(value)
                    if key not in ("enum", "const", "default", "examples")
                    else value
                )
        return result
    if isinstance(node, list):
        return [_absolute(item) for item in node]
    return node
