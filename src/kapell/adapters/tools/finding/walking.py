"""Files below a folder, in order, without links and hidden names, and no more than are wanted."""

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from kapell.adapters.tools.files.paths import below, parts_of
from kapell.adapters.tools.files.problems import missing, outside
from kapell.adapters.tools.threads import Stop
from kapell.services.tools.ports import ToolCall

_VISITED = 100_000


class Found(NamedTuple):
    """A file: its path as tools take it, its size, and where it lies."""

    path: str
    size: int
    where: str


def found_files(call: ToolCall, folder: str, pattern: str, stop: Stop) -> Iterator[Found]:
    """Yield the files below ``folder`` that fit: the run's, then the workspace's it does not hide.

    Raises:
        Denied: ``path_outside``.
        Missing: ``file_missing`` when neither has such a folder.
    """
    parts = () if folder.strip("./") == "" and ".." not in folder else parts_of(folder)
    wanted = tuple(part for part in pattern.split("/") if part)
    seen: set[str] = set()
    there = not parts
    left = _VISITED
    for where, root in (("run", call.folder), ("workspace", call.workspace)):
        top = _top(root, parts, folder)
        if top is None:
            continue
        there = True
        for path, size in _walked(top, parts, stop):
            left -= 1
            if left < 0:
                return
            if path not in seen and fits(tuple(path.split("/"))[len(parts) :], wanted):
                seen.add(path)
                yield Found(path, size, where)
    if not there:
        raise missing(folder)


def fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Tell whether a path fits a pattern, in which ``**`` stands for any folders, or none."""
    if not pattern:
        return True
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached, default=len(path) + 1), len(path) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(path) and fnmatchcase(path[at], part)}
    return len(path) in reached


def _top(root: str, parts: tuple[str, ...], shown: str) -> str | None:
    if not root:
        return None
    base = os.path.realpath(root)
    top = os.path.realpath(os.path.join(base, *parts))
    if top != base and below(top, base) is None:
        raise outside(shown, "it leads outside")
    hidden = any(part.startswith(".") for part in parts)
    return top if os.path.isdir(top) and not hidden else None


def _walked(top: str, parts: tuple[str, ...], stop: Stop) -> Iterator[tuple[str, int]]:
    for where, folders, names, descriptor in os.fwalk(top, follow_symlinks=False):
        stop.check()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inner = os.path.relpath(where, top)
        before = [*parts, *(() if inner == "." else inner.split("/"))]
        for name in sorted(names):
            if name.startswith("."):
                continue
            try:
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError:
                continue  # it went away meanwhile
            if stat.S_ISREG(found.st_mode):
                yield "/".join([*before, name]), found.st_size
