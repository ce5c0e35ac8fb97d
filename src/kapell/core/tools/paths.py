"""Arguments that are paths: which they are, by their schema, and what is wrong with their text.

Text is all that can be judged here. Whoever opens a file still walks to it without links, for what
lies on the disk may change in between.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from kapell.kit.json import Json

PATH_MARK = "x-kapell-path"
"""The keyword of a schema that marks a text as a path of the run's folder or the workspace."""

_LONGEST_NAME = 255
_LONGEST_PATH = 1024
_BRANCHES = ("anyOf", "oneOf", "allOf")


def wrong_path(text: str) -> str | None:
    """Return why a relative path leads, or could lead, elsewhere; None when it does not."""
    if "\x00" in text:
        return "it holds a NUL character"
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if text.startswith("/"):
        return "it is absolute"
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts:
        return "it climbs up with '..'"
    if length > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        return "it is too long"
    return None


def below(text: str, root: str) -> str | None:
    """Return an absolute path as one relative to ``root``, or None when it lies elsewhere."""
    top = root.rstrip("/") + "/"
    return text[len(top) :] if root and text.startswith(top) else None


def wrong_place(text: str, roots: Sequence[str]) -> str | None:
    """Return why a path is neither relative nor below one of the roots; None when it is."""
    inner = next((found for root in roots if (found := below(text, root)) is not None), text)
    return wrong_path(inner)


def holds_paths(schema: Json) -> bool:
    """Tell whether a schema marks anything as a path."""
    if isinstance(schema, Mapping):
        return bool(schema.get(PATH_MARK)) or any(holds_paths(one) for one in schema.values())
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return any(holds_paths(one) for one in schema)
    return False


def paths_in(schema: Json, args: Json) -> Iterator[tuple[str, str]]:
    """Yield place and text of each argument that the schema marks as a path."""
    found: dict[str, str] = {}

    def note(place: str, text: str) -> str:
        found[place] = text
        return text

    with_paths(schema, args, note)
    yield from found.items()


def with_paths(schema: Json, args: Json, change: Callable[[str, str], str]) -> Json:
    """Return the arguments with each path replaced by ``change(place, text)``."""
    root = schema if isinstance(schema, Mapping) else {}
    return _walked(root, root, args, "", change)


def _walked(
    root: Mapping[str, Json],
    schema: Mapping[str, Json],
    value: Json,
    place: str,
    change: Callable[[str, str], str],
) -> Json:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = _resolved(root, reference)
        if target is not None:
            value = _walked(root, target, value, place, change)
    if isinstance(value, str):
        if schema.get(PATH_MARK):
            return change(place, value)
    elif isinstance(value, Mapping):
        value = _mapping(root, schema, value, place, change)
    elif isinstance(value, Sequence):
        items = schema.get("items")
        if isinstance(items, Mapping):
            value = [
                _walked(root, items, one, _joined(place, str(number)), change)
                for number, one in enumerate(value)
            ]
    for keyword in _BRANCHES:
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list | tuple) else ():
            if isinstance(branch, Mapping):
                value = _walked(root, branch, value, place, change)
    return value


def _mapping(
    root: Mapping[str, Json],
    schema: Mapping[str, Json],
    value: Mapping[str, Json],
    place: str,
    change: Callable[[str, str], str],
) -> Json:
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    known = properties if isinstance(properties, Mapping) else {}
    changed: dict[str, Json] = {}
    for name, one in value.items():
        inner = known.get(name, others)
        if isinstance(inner, Mapping):
            one = _walked(root, inner, one, _joined(place, name), change)
        changed[name] = one
    return changed


def _resolved(root: Mapping[str, Json], reference: str) -> Mapping[str, Json] | None:
    """Return what a reference within the schema leads to; recursion ends with the value."""
    found: Json = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part.replace("~1", "/").replace("~0", "~"))
    return found if isinstance(found, Mapping) and "$ref" not in found else None


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
