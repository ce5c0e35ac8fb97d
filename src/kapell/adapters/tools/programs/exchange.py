"""The run's folder and a sandbox: files go in by their bytes, what was changed comes back."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from kapell.adapters.tools.files.paths import open_file, parts_of
from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.writing import remove, write
from kapell.adapters.tools.threads import Stop
from kapell.core.events.tool import FileChange
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Digest, digest
from kapell.services.tools.ports import ToolCall


def taken_in(call: ToolCall, limit: int, stop: Stop) -> dict[str, bytes]:
    """Return the files that the run's folder holds by its log.

    Raises:
        Invalid: ``sandbox_folder_too_large``.
        KapellError: what reading says.
    """
    found: dict[str, bytes] = {}
    left = limit
    for path in call.files:
        stop.check()
        try:
            descriptor = open_file(call.folder, parts_of(path), path, visible_only=False)
            with os.fdopen(descriptor, "rb") as stream:
                data = stream.read(left + 1)
        except OSError as error:
            raise translated(error, path) from error
        left -= len(data)
        if left < 0:
            raise Invalid(
                f"The run's folder has more than {limit:,} bytes, the most a sandbox takes in.",
                code="sandbox_folder_too_large",
                advice="Delete what is not needed, or raise the setting tools.sandbox.disk.",
            )
        found[path] = data
    return found


def taken_back(
    call: ToolCall, changed: Mapping[str, bytes], removed: Sequence[str], stop: Stop
) -> tuple[tuple[FileChange, ...], dict[Digest, bytes], tuple[str, ...]]:
    """Bring the changes into the run's folder.

    Returns them, their bytes, and the names that were refused: a stranger chose them.
    """
    changes: list[FileChange] = []
    blobs: dict[Digest, bytes] = {}
    refused: list[str] = []
    for path in removed:
        stop.check()
        _taken_away(call.folder, path)
        changes.append(FileChange(path, None))
    for path, data in changed.items():
        stop.check()
        key = digest(data)
        if call.files.get(path) == key:
            continue
        try:
            parts = parts_of(path)
            write(call.folder, parts, data, durable=False)
        except KapellError:
            refused.append(path)
            continue
        except OSError as error:
            raise translated(error, path) from error
        changes.append(FileChange("/".join(parts), key, len(data)))
        blobs[key] = data
    return tuple(changes), blobs, tuple(refused)


def _taken_away(folder: str, path: str) -> None:
    """Remove a file, and the folders that held nothing else: a file may take their name."""
    parts = parts_of(path)
    with suppress(NotADirectoryError):
        remove(folder, parts)
    for depth in range(len(parts) - 1, 0, -1):
        try:
            os.rmdir(os.path.join(folder, *parts[:depth]))
        except OSError:
            return
