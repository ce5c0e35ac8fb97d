"""Files that strangers wrote: what lies in a folder where other people's things are put down."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from kapell.adapters.tools.files.paths import below
from kapell.services.tools.ports import ToolCall

FOLDERS = frozenset({"inbox", "incoming", "downloads", "uploads", "attachments"})
"""Names of folders that hold what came from outside, wherever they are."""


class StrangersFiles:
    """Tells files of strangers from the author's, by where they lie; links are followed.

    Args:
        patterns: Further places, such as ``mails/**`` or ``*.eml``, below the workspace.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = tuple(patterns)

    def wrote(self, call: ToolCall, path: str) -> bool:
        """Tell whether strangers wrote what lies at a path, or below it."""
        return any(self._strange(place) for place in _places(call, path))

    def left(self, path: str, root: str) -> bool:
        """Tell whether strangers left what lies at a path, in the workspace ``root`` or not."""
        places = {os.path.abspath(path), os.path.realpath(path)}
        tops = {root, os.path.realpath(root)}
        return any(
            self._strange(next(filter(None, (below(place, top) for top in tops)), place))
            for place in places
        )

    def _strange(self, place: str) -> bool:
        if any(part.casefold() in FOLDERS for part in place.split("/")):
            return True
        return any(
            fnmatchcase(place, one) or fnmatchcase(f"{place}/", one) for one in self._patterns
        )


def _places(call: ToolCall, path: str) -> Iterator[str]:
    """Yield where a path leads, relative to its root: as it is written, and without links."""
    for root in (call.folder, call.workspace):
        inner = below(path, root) if path.startswith("/") else path
        if inner is None or not root:
            continue
        yield os.path.normpath(inner)
        base = os.path.realpath(root)
        found = below(os.path.realpath(os.path.join(base, inner)), base)
        if found is not None:
            yield found
