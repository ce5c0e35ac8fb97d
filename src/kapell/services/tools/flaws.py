"""What a JSON Schema finds wrong, as flaws: each with its place, its rule and what was expected."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import jsonschema_rs

from kapell.kit.errors import Flaw
from kapell.kit.json import Json

_RULES = {
    "required": "missing",
    "additionalProperties": "unknown",
    "unevaluatedProperties": "unknown",
    "propertyNames": "unknown",
    "type": "type",
    "anyOf": "type",
    "oneOf": "type",
    "minimum": "range",
    "maximum": "range",
    "exclusiveMinimum": "range",
    "exclusiveMaximum": "range",
    "multipleOf": "range",
    "minLength": "length",
    "maxLength": "length",
    "minItems": "length",
    "maxItems": "length",
    "minProperties": "length",
    "maxProperties": "length",
    "uniqueItems": "length",
    "enum": "choice",
    "const": "choice",
    "pattern": "pattern",
    "format": "pattern",
}
_TOLD = (
    *("type", "enum", "const", "format", "pattern", "minimum", "maximum", "exclusiveMinimum"),
    *("exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "description"),
)
"""What of a schema helps whoever has to mend a value."""
_CHOICES = 20


def flaws_of(
    errors: Iterator[jsonschema_rs.ValidationError], schema: Mapping[str, Json]
) -> Iterator[Flaw]:
    """Yield what the errors of a validation say, alternatives narrowed to the likeliest."""
    for error in errors:
        yield from _flaws(error, schema)


def _flaws(error: jsonschema_rs.ValidationError, schema: Mapping[str, Json]) -> Iterator[Flaw]:
    kind = error.kind
    place = ".".join(str(part) for part in error.instance_path)
    around = _at(schema, error.schema_path[:-1])
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        wanted = _part(around, kind.property)
        yield Flaw(_below(place, kind.property), "missing", "is missing", _told(wanted))
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        known = around.get("properties")
        names = list(known) if isinstance(known, Mapping) else []
        for name in kind.unexpected:
            close = get_close_matches(name, names, 1)
            nearest = close[0] if close else ""
            yield Flaw(_below(place, name), "unknown", "is unknown", nearest=nearest)
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf) and (
        inner := _likeliest(kind.context, len(error.instance_path))
    ):
        for one in inner:
            yield from _flaws(one, schema)
    else:
        yield Flaw(place, _RULES.get(kind.name, "other"), error.message, _told(around))


def _likeliest(
    branches: Sequence[Sequence[jsonschema_rs.ValidationError]], depth: int
) -> Sequence[jsonschema_rs.ValidationError] | None:
    """Return what the one alternative says that was meant: the only one of the right type."""
    meant = [
        branch
        for branch in branches
        if not any(
            isinstance(one.kind, jsonschema_rs.ValidationErrorKind.Type)
            and len(one.instance_path) == depth
            for one in branch
        )
    ]
    return meant[0] if len(meant) == 1 else None


def _at(schema: Mapping[str, Json], path: Sequence[str | int]) -> Mapping[str, Json]:
    """Return the part of a schema that a path leads to, as far as it leads."""
    found: Json = schema
    for part in path:
        if isinstance(found, Mapping) and part in found:
            found = found[str(part)]
        elif isinstance(found, list | tuple) and isinstance(part, int) and part < len(found):
            found = found[part]
        else:
            return {}
    return found if isinstance(found, Mapping) else {}


def _part(schema: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    properties = schema.get("properties")
    found = properties.get(name) if isinstance(properties, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _told(schema: Mapping[str, Json]) -> dict[str, object] | None:
    told: dict[str, object] = {}
    for key in _TOLD:
        value = schema.get(key)
        if key == "enum" and isinstance(value, list | tuple):
            value = list(value)[:_CHOICES]
        if value is not None:
            told[key] = value
    return told or None


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
