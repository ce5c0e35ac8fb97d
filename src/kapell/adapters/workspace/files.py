"""A workspace in a folder of the file system."""

from pathlib import Path

from kapell.kit.errors import Denied, Invalid, Missing
from kapell.services.workflows.ports import Stamp

MARKS = ("kapell.yaml", "agents", "workflows")
"""What makes a folder a workspace, the surest first."""
LARGEST = 1_100_000
"""Bytes read of one file: a little over what a definition may have, so that more is noticed."""


def find_root(start: Path) -> Path:
    """Return the workspace a file or folder belongs to: the nearest one with settings, else itself.

    Without ``kapell.yaml`` anywhere above, the nearest folder with agents or workflows counts; when
    there is none either, it is the folder itself.
    """
    return root_around(start) or _folder(start)


def root_around(start: Path) -> Path | None:
    """Return the workspace a file or folder belongs to as ``find_root``, None when in none."""
    folder = _folder(start)
    around = (folder, *folder.parents)
    for mark in (MARKS[:1], MARKS[1:]):
        for one in around:
            if any((one / name).exists() for name in mark):
                return one
    return None


def _folder(start: Path) -> Path:
    folder = start.absolute()
    return folder if folder.is_dir() else folder.parent


class WorkspaceFolder:
    """Reads definitions below ``root``; files a person names may lie anywhere.

    Args:
        root: The workspace.
        current: The folder from which a person's relative paths count; the root when not given.
    """

    def __init__(self, root: Path, current: Path | None = None) -> None:
        self.root = root.resolve()
        self._current = (current or root).resolve()

    def locate(self, ref: str) -> str | None:
        """Return the path of the file a person names, None when there is none."""
        for base in (self._current, self.root):
            path = _joined(base, ref)
            if path is not None and path.is_file():
                return self._shown(path)
        return None

    def inside(self, path: str) -> str | None:
        """Return the path of a file within the workspace, None when there is none."""
        found = _joined(self.root, path)
        if found is None:
            return None
        if not found.resolve().is_relative_to(self.root):
            raise Denied(
                f"`{path}` leads out of the workspace.",
                code="path_outside",
                advice="Put the file into the workspace and name it relative to its root.",
            )
        return self._shown(found) if found.is_file() else None

    def read(self, path: str) -> bytes:
        """Return what a file holds, at most a little over the size definitions may have."""
        try:
            with (self.root / path).open("rb") as file:
                return file.read(LARGEST)
        except FileNotFoundError as error:
            raise Missing(
                f"There is no file `{path}`.", code="file_missing", advice="Check the name."
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no readable file"
            raise Invalid(
                f"`{path}` cannot be read: {reason}.",
                code="file_unreadable",
                advice="Check that it is a file and that you may read it.",
            ) from error

    def stamp(self, path: str) -> Stamp:
        """Return what changes when the file or folder changes."""
        try:
            found = (self.root / path).stat()
        except (OSError, ValueError):
            return None
        return (found.st_mtime_ns, found.st_size)

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return the paths of the files in a folder with one of these endings, sorted."""
        try:
            found = sorted((self.root / folder).iterdir())
        except OSError:
            return ()
        return tuple(
            self._shown(path)
            for path in found
            if path.name.endswith(endings) and not path.name.startswith(".") and path.is_file()
        )

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the folders in a folder, sorted; hidden ones are left out."""
        try:
            found = sorted((self.root / folder).iterdir())
        except OSError:
            return ()
        return tuple(
            self._shown(path) for path in found if not path.name.startswith(".") and path.is_dir()
        )

    def _shown(self, path: Path) -> str:
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix()


def _joined(base: Path, ref: str) -> Path | None:
    """Return the path with ``..`` taken away, None when the text can be no path."""
    if "\x00" in ref or not ref:
        return None
    try:
        return Path(*(base / ref).parts).resolve()
    except (OSError, RuntimeError):
        return None
