"""HMAC-SHA256 with a key that follows from the vault's master key, or from one of its own."""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from kapell.kit.errors import Denied, Invalid
from kapell.kit.keys import LENGTH, key_in


class Signer:
    """Seals texts.

    Args:
        master: 32 bytes; what it seals with follows from them and is good for nothing else.
    """

    def __init__(self, master: bytes) -> None:
        self._key = hmac.new(master, b"kapell audit anchor", hashlib.sha256).digest()
        self.name = hashlib.sha256(b"kapell audit\n" + self._key).hexdigest()[:16]

    def seal(self, text: bytes) -> str:
        """Return the seal of a text."""
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def holds(self, text: bytes, seal: str) -> bool:
        """Tell whether a seal was made of this text with this key."""
        return hmac.compare_digest(self.seal(text).encode(), seal.encode())


def signer_of(text: str, whence: str) -> Signer:
    """Return the signer of a key written in base64.

    Raises:
        Invalid: ``audit_key_wrong``; the text is never part of the message.
    """
    key = key_in(text)
    if key is None:
        raise Invalid(
            f"The key that anchors the audit record ({whence}) is not 32 bytes in base64.",
            code="audit_key_wrong",
            advice="Bring it back from a backup; without it, remove it and accept the record as it "
            "is with `kapell audit anchor --reason TEXT`.",
        )
    return Signer(key)


def own_signer(path: Path, *, make: bool) -> Signer | None:
    """Return the signer of a key's file; without one it is made, or None returned.

    Raises:
        Invalid: ``audit_key_wrong``.
        Denied: ``audit_key_open`` when others may read or nobody may make it.
    """
    try:
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path)
        if not path.exists():
            return None
        if path.stat().st_mode & 0o077:
            raise Denied(
                f"Others may read the key {path}.",
                code="audit_key_open",
                advice=f"Take that right from them with `chmod 600 {path}`.",
            )
        return signer_of(path.read_text("ascii", "replace"), str(path))
    except OSError as error:
        raise Denied(
            f"The key {path} cannot be read or made: {error.strerror}.",
            code="audit_key_open",
            advice="Give the user of Kapell the right to read and write that folder.",
        ) from error


def _write(path: Path) -> None:
    """Write a new key whole: who comes second keeps what is there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(LENGTH)) + b"\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
