"""A workspace in memory: the port for files without a disk."""

from collections.abc import Mapping
from posixpath import normpath

from kapell.kit.errors import Denied, Missing
from kapell.services.workflows.ports import Stamp


class MemoryFiles:
    """Holds definitions by path; a changed file gets a new stamp, as on a disk."""

    def __init__(self, files: Mapping[str, str | bytes] | None = None) -> None:
        self._files: dict[str, bytes] = {}
        self._stamps: dict[str, int] = {}
        self._turn = 0
        for path, text in (files or {}).items():
            self.write(path, text)

    def write(self, path: str, text: str | bytes) -> None:
        """Put a file there, or another content into it."""
        self._turn += 1
        if path not in self._files:
            self._stamps[path.rpartition("/")[0]] = self._turn
        self._files[path] = text.encode() if isinstance(text, str) else text
        self._stamps[path] = self._turn

    def remove(self, path: str) -> None:
        """Take a file away."""
        self._turn += 1
        del self._files[path]
        del self._stamps[path]
        self._stamps[path.rpartition("/")[0]] = self._turn

    def locate(self, ref: str) -> str | None:
        """Return the path of the file a person names, None when there is none."""
        path = normpath(ref) if ref else ""
        return path if path in self._files else None

    def inside(self, path: str) -> str | None:
        """Return the path of a file within the workspace, None when there is none."""
        found = normpath(path) if path else ""
        if found.startswith(("../", "/")) or found == "..":
            raise Denied(
                f"`{path}` leads out of the workspace.",
                code="path_outside",
                advice="Put the file into the workspace and name it relative to its root.",
            )
        return found if found in self._files else None

    def read(self, path: str) -> bytes:
        """Return what a file holds."""
        if path not in self._files:
            raise Missing(
                f"There is no file `{path}`.", code="file_missing", advice="Check the name."
            )
        return self._files[path]

    def stamp(self, path: str) -> Stamp:
        """Return what changes when the file or folder changes."""
        turn = self._stamps.get(path)
        return None if turn is None else (turn, len(self._files.get(path, b"")))

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return the paths of the files in a folder with one of these endings, sorted."""
        return tuple(
            path
            for path in sorted(self._files)
            if path.rpartition("/")[0] == folder
            and path.endswith(endings)
            and not path.rpartition("/")[2].startswith(".")
        )

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the folders in a folder, sorted; hidden ones are left out."""
        inside = f"{folder}/" if folder else ""
        below = {
            path.removeprefix(inside).partition("/")[0]
            for path in self._files
            if path.startswith(inside) and "/" in path.removeprefix(inside)
        }
        return tuple(f"{inside}{name}" for name in sorted(below) if not name.startswith("."))
