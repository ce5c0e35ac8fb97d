"""Writing and removing files of a run's folder: whole or not at all."""

import os
import secrets
import stat
from contextlib import suppress

from kapell.adapters.tools.files.paths import Parts, parent_of
from kapell.adapters.tools.files.problems import is_folder
from kapell.core.events.tool import FileChange
from kapell.kit.json import Digest, Json, digest
from kapell.services.tools.ports import ToolResult

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write(root: str, parts: Parts, data: bytes, *, durable: bool = True) -> None:
    """Put the bytes in place of the file: a temporary one beside it, renamed when complete.

    Raises:
        KapellError: Denied ``path_outside``, Invalid ``path_is_folder``.
        OSError: whatever the system says; nothing is left behind then.
    """
    shown, name = "/".join(parts), parts[-1]
    with parent_of(root, parts, shown, create=True) as parent:
        if _is_folder(parent, name):
            raise is_folder(shown)
        temporary = f".kapell-{secrets.token_hex(8)}.tmp"
        try:
            _fill(os.open(temporary, _CREATE, 0o644, dir_fd=parent), data, durable)
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        except BaseException:
            _unlink(parent, temporary)
            raise
        if durable:
            os.fsync(parent)


def remove(root: str, parts: Parts) -> bool:
    """Remove the file (a link itself, not what it leads to); False when there was none.

    Raises:
        KapellError: Denied ``path_outside``, Invalid ``path_is_folder``.
        OSError: whatever the system says.
    """
    shown = "/".join(parts)
    try:
        with parent_of(root, parts, shown, create=False) as parent:
            if _is_folder(parent, parts[-1]):
                raise is_folder(shown)
            os.unlink(parts[-1], dir_fd=parent)
            os.fsync(parent)
    except FileNotFoundError:
        return False
    return True


def written(parts: Parts, data: bytes, output: Json) -> ToolResult:
    """Return the result of a call that wrote the file."""
    key: Digest = digest(data)
    change = FileChange("/".join(parts), key, len(data))
    return ToolResult(output=output, files=(change,), blobs={key: data})


def _fill(descriptor: int, data: bytes, durable: bool) -> None:
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_folder(parent: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _unlink(parent: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)
