"""Seals of one tenant each: keys derived from the master key, none of which opens another's."""

import base64
import binascii
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kapell.adapters.vault.keyfiles import derived
from kapell.adapters.vault.sealing import master_of
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId

_NONCE = 12


class TenantSeal:
    """Seals the values of one tenant, and marks them so that equal ones are known again.

    Args:
        key: The master key, 32 bytes.
        tenant: Whose values they are.
    """

    def __init__(self, key: bytes, tenant: TenantId) -> None:
        self._master = master_of(key)
        self._cipher = AESGCM(derived(key, f"pseudonyms of {tenant}"))
        self._marking = derived(key, f"marks of {tenant}")

    @property
    def master(self) -> str:
        """Return the name of the master key."""
        return self._master

    def mark(self, text: str) -> str:
        """Return what stands for a text without telling it: the same for the same text."""
        return hmac.digest(self._marking, text.encode(errors="surrogatepass"), "sha256").hex()

    def seal(self, text: str, about: str) -> str:
        """Return ``text`` sealed; it opens only together with the same ``about``."""
        nonce = os.urandom(_NONCE)
        data = text.encode(errors="surrogatepass")
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, data, about.encode())).decode()

    def unseal(self, body: str, about: str) -> str:
        """Return the text again."""
        try:
            data = base64.b64decode(body, validate=True)
            opened = self._cipher.decrypt(data[:_NONCE], data[_NONCE:], about.encode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Denied(
                "A sealed value cannot be opened: it was changed, or belongs elsewhere.",
                code="pseudonym_key_gone",
                advice="Erase the names of the conversation with `kapell guardrails forget`.",
            ) from error
        return opened.decode(errors="surrogatepass")
