"""Keys as people keep them: bytes written in base64."""

import base64
import binascii

LENGTH = 32
"""Bytes of a key."""


def key_in(text: str) -> bytes | None:
    """Return the key that a text writes in base64, None where it writes none of that length."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == LENGTH else None
