"""What the operating system says about a file, in our tree of errors."""

import errno
from typing import ClassVar

from kapell.kit.errors import Conflict, Denied, Invalid, KapellError, Limited, Missing, Unavailable


class DiskFull(Unavailable):
    """No room is left; trying again in a second changes nothing, a person must make room."""

    default_code: ClassVar[str] = "disk_full"
    retryable: ClassVar[bool] = False


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def outside(shown: str, why: str) -> Denied:
    """Return the refusal of a path that leads, or could lead, out of where tools may go."""
    return Denied(
        f"The path {_short(shown)} is refused: {why}.",
        code="path_outside",
        advice="Give a path relative to the run's folder or the workspace, without '..'; "
        "a file from elsewhere comes in as an input of type file.",
    )


def hidden(shown: str) -> Denied:
    """Return the refusal of a hidden file of the workspace."""
    return Denied(
        f"The path {_short(shown)} is hidden; tools do not read hidden files of the workspace.",
        code="path_hidden",
        advice="Give the file a name without a leading dot; secrets reach tools by their own way.",
    )


def is_folder(shown: str) -> Invalid:
    """Return the error for a folder where a file is meant."""
    return Invalid(
        f"The path {_short(shown)} is a folder.",
        code="path_is_folder",
        advice="Name a file in it.",
    )


def too_large(shown: str, size: int, limit: int, setting: str) -> Invalid:
    """Return the error for a file beyond a limit."""
    return Invalid(
        f"The file {_short(shown)} has {size:,} bytes, at most {limit:,} are read.",
        code="file_too_large",
        advice=f"Split it or leave out what is not needed, or raise the setting {setting}.",
    )


def missing(shown: str, near: str = "") -> Missing:
    """Return the error for a file that is not there."""
    hint = f"Did you mean {near!r}?" if near else "Check the name; "
    more = "" if near else "the run's folder is looked into first, then the workspace."
    return Missing(
        f"There is no file {_short(shown)}.", code="file_missing", advice=f"{hint}{more}"
    )


def changed(shown: str) -> Conflict:
    """Return the error for a file that is not what a guard looked at any more."""
    return Conflict(
        f"The file {_short(shown)} was changed since it was looked over; nothing of it was used.",
        code="file_changed",
        advice="Look at what it is now; then call the tool again, and it is looked over anew.",
    )


def translated(error: OSError, shown: str) -> KapellError:
    """Return the operating system's error as one of ours."""
    number, file = error.errno, _short(shown)
    if number == errno.ENOENT:
        return missing(shown)
    if number in {errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}:
        return outside(shown, "it leads through a link, a device or too long a name")
    if number == errno.EISDIR:
        return is_folder(shown)
    if number in {errno.ENOTDIR, errno.EEXIST}:
        return Invalid(
            f"The path {file} leads through a file as if it were a folder.",
            code="path_not_folder",
            advice="Choose another name for the folder or for the file that is in its place.",
        )
    if number in _FORBIDDEN:
        return Denied(
            f"The system forbids it: {file} cannot be opened or changed.",
            code="file_forbidden",
            advice="Check owner, permissions and whether the disk is mounted read-only.",
        )
    if number in _FULL:
        return DiskFull(
            f"There is no room to write {file}.",
            advice="Make room on the disk or raise the quota, then repair or resume the run.",
        )
    if number in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
        return Limited(
            f"Too many files are open to reach {file}.",
            code="files_exhausted",
            advice="Lower `concurrency:`, or raise the limit of open files (ulimit -n).",
        )
    return Unavailable(
        f"The disk failed on {file} ({errno.errorcode.get(number or 0, 'unknown error')}).",
        code="file_failed",
        advice="Check the disk; `kapell doctor` looks at what Kapell needs.",
    )


def _short(shown: str) -> str:
    return repr(shown if len(shown) <= 120 else shown[:117] + "...")
