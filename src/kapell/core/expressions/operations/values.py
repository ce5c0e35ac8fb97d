"""What all operations share: sorts of values, their text, and reading members of them."""

from collections.abc import Mapping
from typing import cast

from kapell.core.expressions.errors import denied, wrong
from kapell.core.expressions.limits import INTEGERS, Meter
from kapell.kit import json
from kapell.kit.errors import Invalid
from kapell.kit.json import Json


def sort_of(value: object) -> str:
    """Return the JSON name of the sort of value, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "an unknown value"


def is_number(value: object) -> bool:
    """Tell whether it is a number; booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: object, what: str = "The value") -> int | float:
    """Return the number it is, booleans counting as 0 and 1."""
    if isinstance(value, int | float):
        return value
    raise wrong(f"{what} must be a number, not {sort_of(value)}")


def whole(value: object, what: str, least: int, most: int) -> int:
    """Return an integer between the bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(f"{what} must be a whole number, not {sort_of(value)}")
    if not least <= value <= most:
        raise wrong(f"{what} must be between {least} and {most}")
    return value


def encoded(meter: Meter, value: object) -> str:
    """Return canonical JSON: sorted keys, no blanks, nothing escaped for HTML."""
    meter.weigh(value)
    try:
        text = json.encode(value).decode()
    except Invalid as error:
        raise wrong("The value cannot be written as JSON") from error
    meter.write(len(text))
    return text


def text_of(meter: Meter, value: object) -> str:
    """Return the value as it appears in text: null is empty, lists and objects are JSON."""
    if isinstance(value, str):
        meter.write(len(value))
        return value
    if value is None:
        meter.spend(1)
        return ""
    if isinstance(value, bool):
        meter.spend(1)
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = repr(value)
        meter.write(len(text))
        return text
    return encoded(meter, value)


def sequence(meter: Meter, value: object) -> list[object]:
    """Return what a loop over the value goes through: items, keys or characters; null has none."""
    if value is None:
        return []
    if isinstance(value, str | Mapping | list | tuple):
        meter.spend(1 + len(value))
        return value if isinstance(value, list) else list(value)
    raise wrong(f"Expected a list, got {sort_of(value)}")


def member(value: object, name: str) -> object:
    """Return ``value.name``: the key of an object, null when it or the object is missing."""
    if isinstance(value, Mapping):
        return cast(object, value.get(name))
    if value is None:
        return None
    if name.startswith("_"):
        raise denied(f"Expressions cannot reach {name!r}")
    raise wrong(f"{sort_of(value)[0].upper()}{sort_of(value)[1:]} has no member {name!r}")


def item(value: object, key: object) -> object:
    """Return ``value[key]``: a key of an object, an item of a list, a character; else null."""
    if value is None:
        return None
    if isinstance(key, str):
        return member(value, key)
    if isinstance(key, bool) or not isinstance(key, int):
        raise wrong(f"A key must be text or a whole number, not {sort_of(key)}")
    if isinstance(value, Mapping):
        return None
    if isinstance(value, list | tuple | str):
        return value[key] if -len(value) <= key < len(value) else None
    raise wrong(f"{sort_of(value)[0].upper()}{sort_of(value)[1:]} has no items")


def follow(meter: Meter, value: object, path: object) -> object:
    """Return what a dotted path such as ``output.rows.0`` leads to."""
    if isinstance(path, int):
        return item(value, path)
    if not isinstance(path, str):
        raise wrong(f"An attribute must be text, not {sort_of(path)}")
    for part in path.split("."):
        meter.spend(1)
        if part.startswith("_") and part.endswith("__"):
            raise denied(f"Expressions cannot reach {part!r}")
        indexed = part.isdecimal() and len(part) < 10 and not isinstance(value, Mapping)
        value = item(value, int(part)) if indexed else member(value, part)
    return value


def settled(meter: Meter, value: object) -> Json:
    """Return a finished result as plain JSON, or refuse what JSON cannot carry."""
    if isinstance(value, str) or value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if value not in INTEGERS:
            raise wrong("The number does not fit into 64 bits")
        return value
    return cast(Json, value) if meter.weigh(value) else _plain(value)


def _plain(value: object) -> Json:
    """Copy to plain lists and dicts; ``value`` has been weighed, so its depth is bounded."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return cast(Json, value)
