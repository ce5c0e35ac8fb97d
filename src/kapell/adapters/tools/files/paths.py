"""Where tools may go: paths are checked as text, then walked folder by folder without links.

Checking a path and opening it later is a race that links win. So every folder on the way is opened
on its own, relative to the one before, and never through a link.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

from kapell.adapters.tools.files.problems import hidden, is_folder, outside
from kapell.core.tools.paths import wrong_path

Parts: TypeAlias = tuple[str, ...]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def parts_of(text: str) -> Parts:
    """Return the names of a relative path.

    Raises:
        Denied: ``path_outside``.
        Invalid: ``path_is_folder`` when no name is left.
    """
    wrong = wrong_path(text)
    if wrong is not None:
        raise outside(ascii(text) if "Unicode" in wrong else text, wrong)
    parts = tuple(part for part in text.split("/") if part not in {"", "."})
    if not parts:
        raise is_folder(text)
    return parts


def below(text: str, root: str) -> str | None:
    """Return an absolute path as one relative to ``root``, or None when it lies elsewhere."""
    top = os.path.normpath(root).rstrip("/") + "/"
    return text[len(top) :] if text.startswith(top) else None


def open_file(root: str, parts: Parts, shown: str, *, visible_only: bool) -> int:
    """Return a descriptor of a plain file below ``root``, for reading.

    Links are followed only when they lead to a place below ``root``.

    Raises:
        Denied: ``path_outside``; ``path_hidden`` with ``visible_only``.
        Invalid: ``path_is_folder``.
        OSError: FileNotFoundError and whatever else the system says.
    """
    base = os.path.realpath(root)
    target = os.path.realpath(os.path.join(base, *parts))
    inner = below(target, base)
    if inner is None:
        raise outside(shown, "it leads outside")
    resolved = tuple(inner.split("/"))
    if visible_only and any(part.startswith(".") for part in parts + resolved):
        raise hidden(shown)
    with _walked(base, resolved[:-1], shown, create=False) as parent:
        _check_plain(os.stat(resolved[-1], dir_fd=parent, follow_symlinks=False), shown)
        descriptor = os.open(resolved[-1], _FILE, dir_fd=parent)
    try:
        _check_plain(os.fstat(descriptor), shown)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def parent_of(root: str, parts: Parts, shown: str, *, create: bool) -> Iterator[int]:
    """Enter with a descriptor of the folder that holds the file, made on the way with ``create``.

    Raises:
        Denied: ``path_outside`` when a folder on the way is a link.
        OSError: FileNotFoundError and whatever else the system says.
    """
    if create:
        os.makedirs(root, exist_ok=True)
    with _walked(os.path.realpath(root), parts[:-1], shown, create=create) as parent:
        yield parent


@contextmanager
def _walked(base: str, folders: Parts, shown: str, *, create: bool) -> Iterator[int]:
    current = os.open(base, _FOLDER)
    try:
        for name in folders:
            following = _entered(current, name, shown, create=create)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


def _entered(parent: int, name: str, shown: str, *, create: bool) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP} and _is_link(parent, name):
            raise outside(shown, "a folder on the way is a link") from error
        raise


def _is_link(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _check_plain(found: os.stat_result, shown: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise is_folder(shown)
    if not stat.S_ISREG(found.st_mode):
        raise outside(shown, "it is not a plain file")
