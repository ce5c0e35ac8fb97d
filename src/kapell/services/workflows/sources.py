"""Files read while something is loaded: each once, each remembered with its digest."""

import msgspec

from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import read_on
from kapell.core.definitions.tree import Node
from kapell.kit.errors import Denied, Invalid, Missing, Place
from kapell.kit.json import Digest, digest
from kapell.services.workflows.ports import Files, Stamp


class SourceFile(msgspec.Struct, frozen=True):
    """A file something was loaded from, and the SHA-256 of what it held."""

    path: str
    digest: Digest


class Sources:
    """Reads files for one loading and remembers them."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._read: dict[str, bytes] = {}
        self._stamps: dict[str, Stamp] = {}

    def bytes_of(self, path: str) -> bytes:
        """Return what a file holds; it is read once."""
        if path not in self._read:
            self._stamps[path] = self.files.stamp(path)
            self._read[path] = self.files.read(path)
        return self._read[path]

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return the files of a folder; that it was looked at is remembered."""
        self._stamps.setdefault(folder, self.files.stamp(folder))
        return self.files.names(folder, endings)

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the folders of a folder; that it was looked at is remembered."""
        self._stamps.setdefault(folder, self.files.stamp(folder))
        return self.files.folders(folder)

    def tree(self, path: str, problems: Problems) -> Node | None:
        """Return a file's tree, or None when it cannot be read, which is noted."""
        try:
            return read_on(self.bytes_of(path), path, problems)
        except DefinitionInvalid as error:
            for one in error.problems:
                problems.error(one.code, one.message, one.place, one.advice)
        except (Missing, Invalid) as error:
            problems.error(error.code, error.message, beginning(path), error.advice)
        return None

    def schema(
        self, name: str, base: str, place: Place, problems: Problems
    ) -> tuple[Node | None, str]:
        """Return the tree of a schema file and its path; what keeps it from being read is noted.

        Args:
            name: The file as the author wrote it: relative to the workspace, or to ``base``.
            base: The folder of the file that names it.
            place: Where it is named.
            problems: Collects what is wrong.
        """
        path = self.find(name, base, place, problems)
        if path is None:
            return None, ""
        return self.tree(path, problems), path

    def find(self, name: str, base: str, place: Place, problems: Problems) -> str | None:
        """Return the path of a file named in another one; noted and None when there is none."""
        try:
            near = f"{base}/{name}" if base else name
            found = self.files.inside(name) or self.files.inside(near)
        except Denied as error:
            problems.error(error.code, error.message, place, error.advice)
            return None
        if found is None:
            problems.error(
                "file_missing",
                f"There is no file `{name}`.",
                place,
                "Name it relative to the workspace.",
            )
        return found

    @property
    def stamps(self) -> dict[str, Stamp]:
        """Return every file and folder looked at, with its stamp from before it was read."""
        return dict(self._stamps)

    @property
    def read_files(self) -> tuple[SourceFile, ...]:
        """Return the files that were read, by path."""
        return tuple(SourceFile(path, digest(self._read[path])) for path in sorted(self._read))


def beginning(path: str) -> Place:
    """Return the beginning of a file."""
    return Place(file=path, line=1, column=1)


def folder_of(path: str) -> str:
    """Return the folder of a path, '' for the root."""
    return path.rpartition("/")[0]
