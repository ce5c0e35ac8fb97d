"""Keys made: written whole into files of their own, or derived from another for one purpose."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kapell.kit.keys import LENGTH


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key that follows from another one and is good for one purpose alone."""
    info = f"kapell {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=info).derive(key)


def write_key(path: Path) -> None:
    """Write a new key into a file that only its owner may read: all of it at once, and lastingly.

    Raises:
        FileExistsError: There is one, and it stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(LENGTH)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
    _keep(path.parent)


def _keep(folder: Path) -> None:
    """Make sure that a new name in a folder outlasts a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
