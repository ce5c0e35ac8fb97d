"""The run's folder on disk: a cache of what the log says, mended before each call.

What the folder holds is remembered per process, so that an unchanged folder costs a look at each
file's size and time, and a folder of thousands costs only what changed.
"""

import asyncio
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeAlias

from kapell.adapters.tools.files.paths import open_file, parts_of
from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.writing import remove, write
from kapell.adapters.tools.threads import in_thread
from kapell.kit.errors import Bug, KapellError
from kapell.kit.json import Digest, digest
from kapell.services.tools.ports import FetchBlob

_LOOKED_AT = 200
_REMEMBERED = 1024

_Mark: TypeAlias = tuple[int, int, int]


class _Seen(NamedTuple):
    digest: Digest
    mark: _Mark


class _Memory:
    """What this process knows of one folder."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.active = 0
        self.waiting = 0
        self.sure = False
        self.failures = 0
        self.wanted: dict[str, Digest] = {}
        self.seen: dict[str, _Seen] = {}


class LocalRunFolder:
    """Restores run folders on this machine's disk."""

    def __init__(self) -> None:
        self._folders: OrderedDict[str, _Memory] = OrderedDict()

    @asynccontextmanager
    async def hold(
        self, folder: str, files: Mapping[str, Digest], blob: FetchBlob
    ) -> AsyncIterator[None]:
        """Enter with the folder holding ``files``.

        Alone in the folder, everything else is removed from it. Beside other calls only what the
        log has changed since is applied, for the rest may be theirs. After a call that failed
        nothing that is remembered is trusted.

        Raises:
            KapellError: Missing ``artifact_unknown``, ``disk_full``, ``file_forbidden`` and so on.
        """
        memory = self._memory(folder)
        memory.waiting += 1
        try:
            async with memory.lock:
                if not _settled(folder, files, memory):
                    await _restore(folder, files, memory, blob)
                memory.active += 1
        finally:
            memory.waiting -= 1
        try:
            yield
        except BaseException:
            memory.sure = False
            memory.failures += 1
            raise
        finally:
            memory.active -= 1

    def _memory(self, folder: str) -> _Memory:
        memory = self._folders.setdefault(folder, _Memory())
        self._folders.move_to_end(folder)
        if len(self._folders) > _REMEMBERED:
            idle = (
                name for name, other in self._folders.items() if not other.active + other.waiting
            )
            del self._folders[next((name for name in idle if name != folder), folder)]
        return memory


def _settled(folder: str, files: Mapping[str, Digest], memory: _Memory) -> bool:
    """Tell, without leaving the event loop, whether there is nothing to do."""
    if not memory.sure:
        if files or memory.active or os.path.lexists(folder):
            return False
        memory.sure, memory.wanted = True, {}
        return True
    if files != memory.wanted:
        return False
    if memory.active or len(files) > _LOOKED_AT:
        return True
    return all(_mark(folder, path) == memory.seen[path].mark for path in files)


async def _restore(
    folder: str, files: Mapping[str, Digest], memory: _Memory, blob: FetchBlob
) -> None:
    alone = memory.active == 0
    sure, memory.sure = memory.sure, False
    failures = memory.failures
    files = dict(files)  # a thread reads it, and the caller's own may change meanwhile
    try:
        lacking = await in_thread(lambda _: _cleaned(folder, files, memory, alone, sure))
    except OSError as error:
        raise translated(error, "the run's folder") from error
    for path in lacking:
        memory.seen[path] = await _placed(folder, path, await _fetched(path, files[path], blob))
    memory.sure = (sure or alone) and memory.failures == failures


async def _fetched(path: str, expected: Digest, blob: FetchBlob) -> bytes:
    data = await blob(expected)
    if digest(data) != expected:
        raise Bug(
            f"The artifact of the file {path!r} is not what was stored.",
            code="artifact_broken",
            advice="Run `kapell db check`, and restore the database from a backup if it says so.",
        )
    return data


async def _placed(folder: str, path: str, data: bytes) -> _Seen:
    def place() -> _Seen:
        write(folder, parts_of(path), data, durable=False)
        return _Seen(digest(data), _mark(folder, path) or (0, 0, 0))

    try:
        return await in_thread(lambda _: place())
    except OSError as error:
        raise translated(error, path) from error


def _cleaned(
    folder: str, files: Mapping[str, Digest], memory: _Memory, alone: bool, sure: bool
) -> list[str]:
    """Remove what the log does not know any more and return what has to be fetched."""
    if alone and not sure:
        memory.seen.clear()
        _sweep(folder, files)
    changed = [path for path, key in files.items() if memory.wanted.get(path) != key]
    for path in _gone(memory.wanted, files, changed):
        del memory.wanted[path]
        memory.seen.pop(path, None)
        with suppress(NotADirectoryError):
            remove(folder, parts_of(path))
    memory.wanted.update((path, files[path]) for path in changed)
    trusting = sure and (not alone or len(files) > _LOOKED_AT)
    doubted = changed if trusting else list(files)
    return [path for path in doubted if not _holds(folder, path, files[path], memory)]


def _gone(
    wanted: Mapping[str, Digest], files: Mapping[str, Digest], changed: Sequence[str]
) -> list[str]:
    """Return what was wanted and is no more; mostly nothing, and then without looking at all."""
    new = sum(path not in wanted for path in changed)
    if len(wanted) + new == len(files):
        return []
    return [path for path in wanted if path not in files]


def _holds(folder: str, path: str, expected: Digest, memory: _Memory) -> bool:
    """Tell whether the file has these bytes, reading it only when its size or time is new."""
    seen, mark = memory.seen.get(path), _mark(folder, path)
    if seen is not None and seen == (expected, mark):
        return True
    memory.seen.pop(path, None)
    if mark is None or _digest(folder, path) != expected:
        return False
    memory.seen[path] = _Seen(expected, mark)
    return True


def _mark(folder: str, path: str) -> _Mark | None:
    """Return what changes when a file does, None when it is no plain file."""
    try:
        found = os.lstat(f"{folder}/{path}")
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _digest(folder: str, path: str) -> str | None:
    try:
        descriptor = open_file(folder, parts_of(path), path, visible_only=False)
    except (OSError, KapellError):
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sweep(folder: str, files: Mapping[str, Digest]) -> None:
    """Remove every file, link and empty folder that ``files`` does not name."""
    if not os.path.isdir(folder):
        return
    for where, folders, names, descriptor in os.fwalk(folder, topdown=False):
        prefix = os.path.relpath(where, folder)
        for name in names:
            path = name if prefix == "." else f"{prefix}/{name}"
            if path not in files:
                os.unlink(name, dir_fd=descriptor)
        for name in folders:
            _drop_folder(name, descriptor)


def _drop_folder(name: str, parent: int) -> None:
    """Remove a link to a folder, or a folder that is empty."""
    if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=parent)
        return
    with suppress(OSError):
        os.rmdir(name, dir_fd=parent)
