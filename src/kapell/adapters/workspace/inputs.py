"""Files that runs are given: from anywhere the user can read, once, when the run starts."""

import asyncio
import mimetypes
import os
from collections.abc import Callable
from pathlib import Path

from kapell.kit.errors import Denied, Invalid, Missing
from kapell.services.runs.starting import InputFile


class LocalInputFiles:
    """Reads input files from the file system.

    Args:
        folders: Where relative paths are looked for, in this order.
        limit: Bytes a file may have: it travels with the run as an artifact.
        strange: Tells whether strangers wrote what lies at a path.
    """

    def __init__(
        self, folders: tuple[Path, ...], limit: int, strange: Callable[[str], bool]
    ) -> None:
        self._folders = folders
        self._limit = limit
        self._strange = strange

    async def read(self, path: str) -> InputFile:
        """Return a file.

        Raises:
            Missing: ``file_missing``; Denied: ``file_unreadable``.
            Invalid: ``file_too_large`` or ``file_unusable``.
        """
        return await asyncio.to_thread(self._read, path)

    def _read(self, path: str) -> InputFile:
        try:
            found = next((f for f in self._places(path) if f.is_file()), None)
            if found is None:
                if any(place.exists() for place in self._places(path)):
                    raise Invalid(
                        f"{path!r} is no plain file.",
                        code="file_unusable",
                        advice="Give the path of a file, not of a folder, a pipe or a device.",
                    )
                raise Missing(
                    f"There is no file {path!r}.",
                    code="file_missing",
                    advice="Give the path of a file, relative to where you are.",
                )
            size = found.stat().st_size
            if size > self._limit:
                raise Invalid(
                    f"The file {path!r} has {size:,} bytes; {self._limit:,} are allowed.",
                    code="file_too_large",
                    advice="Split the file, or raise 'tools.tables.bytes'.",
                )
            body, strange = found.read_bytes(), self._strange(str(found))
        except (OSError, ValueError) as error:
            raise Denied(
                f"The file {path!r} cannot be read.",
                code="file_unreadable",
                advice="Check its permissions.",
            ) from error
        media = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        # Events hold text only; a name need not be.
        name = os.fsencode(found.name).decode(errors="replace")
        return InputFile(name, media, body, strange)

    def _places(self, path: str) -> tuple[Path, ...]:
        return tuple(folder / path for folder in self._folders)
