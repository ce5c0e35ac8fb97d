"""Arguments that are paths: which they are, by their schema, and what is wrong with their text.

Text is all that can be judged here. Whoever opens a file still walks to it without links, for what
lies on the disk may change in between.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from kapell.core.tools.walking import Schema, holds, walked
from kapell.kit.json import Json

PATH_MARK = "x-kapell-path"
"""The keyword of a schema that marks a text as a path of the run's folder or the workspace."""

_INNER = re.compile(r"[./\[]")
_LONGEST_NAME = 255
_LONGEST_PATH = 1024


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
    return holds(schema, _is_path)


def paths_in(schema: Json, args: Json) -> Iterator[tuple[str, str]]:
    """Yield place and text of each argument that the schema marks as a path."""
    found: dict[str, str] = {}

    def note(place: str, text: str) -> str:
        found[place] = text
        return text

    with_paths(schema, args, note)
    yield from found.items()


def argument_of(place: str) -> str:
    """Return the name of the argument that a place is in."""
    return _INNER.split(place, maxsplit=1)[0]


def with_paths(schema: Json, args: Json, change: Callable[[str, str], str]) -> Json:
    """Return the arguments with each path replaced by ``change(place, text)``."""

    def changed(place: str, value: Json) -> Json:
        return change(place, value) if isinstance(value, str) else value

    return walked(schema, args, _is_path, changed)


def _is_path(schema: Schema) -> bool:
    return bool(schema.get(PATH_MARK))
