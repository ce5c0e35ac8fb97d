"""HMAC-SHA256 with a key that follows from the vault's master key, or from one of its own."""

import hashlib
import hmac
from pathlib import Path

from kapell.kit.errors import Denied, Invalid
from kapell.kit.keys import key_in

PURPOSE = "audit anchors"
"""What keys of signers are derived for; they are good for nothing else."""


class Signer:
    """Seals texts.

    Args:
        key: 32 bytes, derived for this purpose.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.name = hashlib.sha256(b"kapell audit\n" + key).hexdigest()[:16]

    def seal(self, text: bytes) -> str:
        """Return the seal of a text."""
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def holds(self, text: bytes, seal: str) -> bool:
        """Tell whether a seal was made of this text with this key."""
        return hmac.compare_digest(self.seal(text).encode(), seal.encode())


def key_of(text: str, whence: str) -> bytes:
    """Return the key that is written in base64.

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
    return key


def read_key(path: Path) -> bytes | None:
    """Return the key of a file, None where there is none.

    Raises:
        Invalid: ``audit_key_wrong``.
        Denied: ``audit_key_open`` when others may read it, or its owner may not.
    """
    try:
        found = path.stat()
        text = path.read_text("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error) from error
    if found.st_mode & 0o077:
        raise Denied(
            f"Others may read the key {path}.",
            code="audit_key_open",
            advice=f"Take that right from them with `chmod 600 {path}`.",
        )
    return key_of(text, str(path))


def unusable(path: Path, error: OSError) -> Denied:
    """Return the error of a key's file that cannot be read or made."""
    return Denied(
        f"The key {path} cannot be read or made: {error.strerror}.",
        code="audit_key_open",
        advice="Give the user of Kapell the right to read and write that folder.",
    )
