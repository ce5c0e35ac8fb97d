"""AES-256-GCM with a random nonce for each seal, and the tenant and name as associated data."""

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kapell.adapters.vault.keyfiles import write_key
from kapell.kit.errors import Denied, Invalid
from kapell.kit.keys import key_in
from kapell.services.vault.vault import PLAIN

_NONCE = 12


class AesSealer:
    """Seals with one master key.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._master = master_of(key)

    @property
    def master(self) -> str:
        """Return a name of the master key that tells nothing about it."""
        return self._master

    def seal(self, text: str, about: str) -> str:
        """Return ``text`` sealed, in base64."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), about.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, body: str, about: str) -> str:
        """Return the text again."""
        try:
            data = base64.b64decode(body, validate=True)
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Denied(
                "A key of the vault cannot be opened: it was changed, or belongs elsewhere.",
                code="key_unreadable",
                advice="Set the key anew with `kapell keys set`.",
            ) from error


class PlainSealer:
    """Seals nothing: for developers who asked for it."""

    master = PLAIN

    def seal(self, text: str, about: str) -> str:
        """Return the text as it is."""
        del about
        return text

    def unseal(self, body: str, about: str) -> str:
        """Return the text as it is."""
        del about
        return body


def master_of(key: bytes) -> str:
    """Return a name of a master key that tells nothing about it."""
    return hashlib.sha256(b"kapell master\n" + key).hexdigest()[:16]


def sealer_of(text: str, whence: str) -> AesSealer:
    """Return the sealer of a master key written in base64.

    Raises:
        Invalid: ``master_key_wrong``.
    """
    return AesSealer(key_of(text, whence))


def key_of(text: str, whence: str) -> bytes:
    """Return a master key written in base64.

    Raises:
        Invalid: ``master_key_wrong``; the text is never part of the message.
    """
    key = key_in(text)
    if key is None:
        raise Invalid(
            f"The master key of the vault ({whence}) is not 32 bytes in base64.",
            code="master_key_wrong",
            advice="Make one with `head -c 32 /dev/urandom | base64`.",
        )
    return key


def new_master(path: Path) -> None:
    """Write a new master key into a file that only its owner may read.

    Raises:
        Denied: ``master_key_exists``: a second one would lock everything out.
    """
    try:
        write_key(path)
    except FileExistsError as error:
        raise Denied(
            f"There is a master key already: {path}.",
            code="master_key_exists",
            advice="Keep it; to change it, move its text to KAPELL_VAULT__OLDER, remove the file, "
            "and run `kapell keys init` and `kapell keys rotate`.",
        ) from error


def read_master(path: Path) -> str:
    """Return the text of a master key's file, empty when there is none.

    Raises:
        Denied: ``master_key_open`` when others may read it.
    """
    try:
        found = path.stat()
        text = path.read_text("ascii", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Denied(
            f"The master key {path} cannot be read: {error.strerror}.",
            code="master_key_open",
            advice="Give its owner the right to read it, and nobody else.",
        ) from error
    if found.st_mode & 0o077:
        raise Denied(
            f"Others may read the master key {path}.",
            code="master_key_open",
            advice=f"Take that right from them with `chmod 600 {path}`.",
        )
    return text
