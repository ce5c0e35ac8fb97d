"""What a tool changed in the run's folder, found by looking before and after."""

import os
import stat
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kapell.adapters.tools.files.paths import open_file, parts_of
from kapell.adapters.tools.files.problems import translated
from kapell.core.events.tool import FileChange
from kapell.kit.errors import Invalid
from kapell.kit.json import Digest, digest

Marks: TypeAlias = Mapping[str, tuple[int, int, int]]

MOST_BYTES = 200_000_000
"""Bytes that one call may change in the run's folder: they pass through memory."""


def marks_of(folder: str) -> Marks:
    """Return the plain files of a folder with what changes when one of them does."""
    return dict(_marks(folder))


def changes_since(
    folder: str, before: Marks, files: Mapping[str, Digest]
) -> tuple[tuple[FileChange, ...], Mapping[Digest, bytes]]:
    """Return what is new, other and gone, and the bytes of it.

    Raises:
        Invalid: ``file_too_large`` when it is more than one call may change.
        KapellError: what reading a file says.
    """
    changes: list[FileChange] = []
    blobs: dict[Digest, bytes] = {}
    left = MOST_BYTES
    after = marks_of(folder)
    for path, mark in sorted(after.items()):
        if before.get(path) == mark:
            continue
        left -= mark[0]
        if left < 0:
            raise Invalid(
                f"The tool changed more than {MOST_BYTES:,} bytes of the run's folder.",
                code="file_too_large",
                advice="Let it write less, or in several calls.",
            )
        data = _read(folder, path)
        key = digest(data)
        if files.get(path) != key:
            changes.append(FileChange(path, key, len(data)))
            blobs[key] = data
    changes += [FileChange(path, None) for path in sorted({*before, *files} - {*after})]
    return tuple(changes), blobs


def _marks(folder: str) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode):
                yield (
                    os.path.relpath(path, folder),
                    (found.st_size, found.st_mtime_ns, found.st_ino),
                )


def _read(folder: str, path: str) -> bytes:
    try:
        descriptor = open_file(folder, parts_of(path), path, visible_only=False)
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise translated(error, path) from error
