"""The files of a workspace, as the services need them."""

from typing import Protocol, TypeAlias

Stamp: TypeAlias = tuple[int, int] | None
"""What changes when a file or folder changes; None when there is none."""


class Files(Protocol):
    """A folder of definitions. Paths are texts with ``/``, relative to its root when inside it."""

    def locate(self, ref: str) -> str | None:
        """Return the path of the file a person names, wherever it lies; None for none."""
        ...

    def inside(self, path: str) -> str | None:
        """Return the path of a file within the workspace; None when there is none.

        Raises:
            Denied: ``path_outside`` when it leads out of the workspace.
        """
        ...

    def read(self, path: str) -> bytes:
        """Return what a file holds, at most a little over the size definitions may have.

        Raises:
            Missing: ``file_missing`` when it is not there.
            Invalid: ``file_unreadable`` when it is no file or may not be read.
        """
        ...

    def stamp(self, path: str) -> Stamp:
        """Return what changes when the file or folder changes."""
        ...

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return the paths of the files in a folder with one of these endings, sorted."""
        ...

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the folders in a folder, sorted; hidden ones are left out."""
        ...
