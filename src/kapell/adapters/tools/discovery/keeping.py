"""What was found is kept in the workspace until its source changes, or for a while."""

import importlib.machinery
import os
import sys
from contextlib import suppress

import msgspec

from kapell.adapters.tools.sources import Found, Source, encoded
from kapell.kit.json import digest

FOLDER = ".kapell"
FILE = "tools.json"
FORMAT = 2
"""Raised when what is kept has another form or is found out another way."""
FRESH = 3600.0
"""Seconds for which the tools of a server are taken to be as they were."""


class _Kept(msgspec.Struct, frozen=True):
    key: str
    at: float
    found: Found


class Keeping:
    """The file in which a workspace keeps what its sources of tools held."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._path = os.path.join(root, FOLDER, FILE)
        self._kept: dict[str, _Kept] = {}
        with suppress(OSError, msgspec.MsgspecError), open(self._path, "rb") as file:
            self._kept = msgspec.json.decode(file.read(), type=dict[str, _Kept])

    def key(self, source: Source) -> str:
        """Return what changes when a source does."""
        stamps = [_stamp(path) for path in self._files(source)]
        version = (FORMAT, *sys.version_info[:3], sys.prefix)
        return digest(encoded([version, source, stamps]))

    def get(self, source: Source, now: float) -> Found | None:
        """Return what is known of a source, None when it has to be looked through."""
        kept = self._kept.get(source.shown)
        if kept is None or kept.key != self.key(source):
            return None
        remote = source.mcp is not None or (source.openapi is not None and source.openapi.url)
        if remote and not 0 <= now - kept.at < FRESH:
            return None
        return kept.found

    def last(self, source: Source) -> Found | None:
        """Return what a source held under these very settings, however long ago."""
        kept = self._kept.get(source.shown)
        return kept.found if kept is not None and kept.key == self.key(source) else None

    def put(self, source: Source, key: str, found: Found, now: float) -> None:
        """Remember what a source held when its key was this."""
        self._kept[source.shown] = _Kept(key, now, found)

    def save(self) -> None:
        """Write everything down; a workspace that cannot be written is looked through again."""
        temporary = f"{self._path}.{os.getpid()}"
        with suppress(OSError):
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(encoded(self._kept))
            os.replace(temporary, self._path)

    def _files(self, source: Source) -> list[str]:
        if source.kind == "python":
            return [source.path] if source.path.endswith(".py") else _module_files(source.path)
        if source.openapi is not None and source.openapi.file:
            return [os.path.join(self._root, source.openapi.file)]
        return []


def _module_files(name: str) -> list[str]:
    """Return where a module may come from, without importing what is around it."""
    inner = name.replace(".", os.sep)
    endings = (*importlib.machinery.SOURCE_SUFFIXES, f"{os.sep}__init__.py")
    places = [os.path.join(place, inner + ending) for place in sys.path for ending in endings]
    return [place for place in places if os.path.exists(place)]


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (path, 0, 0)
    return (path, found.st_mtime_ns, found.st_size)
