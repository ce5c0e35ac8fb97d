"""Sorts of JSON values by the names authors use for them."""

import math
from collections.abc import Mapping

from kapell.kit.json import Json


def fits(value: Json, wanted: str) -> bool:
    """Say whether a value is of the type an input declares.

    A ``file`` is a path's text, or what a file has become when its run started: an object that
    names its artifact.
    """
    if wanted == "any":
        return True
    if wanted == "file":
        return isinstance(value, str) or is_kept_file(value)
    if wanted == "string":
        return isinstance(value, str)
    if wanted == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if wanted == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if wanted == "number":
        return isinstance(value, int | float)
    if wanted == "object":
        return isinstance(value, Mapping)
    return isinstance(value, list | tuple)


def is_kept_file(value: Json) -> bool:
    """Say whether a value is a file kept as an artifact, as runs hold their ``file`` inputs."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("artifact"), str)
        and isinstance(value.get("name"), str)
    )


def sort_of(value: Json) -> str:
    """Return how a value's sort is called in messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"


def odd_number(value: Json) -> int | float | None:
    """Return a number inside a value that not every reader of JSON has, None when there is none.

    That is a whole number beyond 64 bits, infinity, or what is no number.
    """
    if isinstance(value, float):
        return None if math.isfinite(value) else value
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**63 else value
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list | tuple):
        inner = list(value)
    else:
        return None
    return next((odd for one in inner if (odd := odd_number(one)) is not None), None)
