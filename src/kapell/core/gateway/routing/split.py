"""The split of subjects over ways of asking: even, and the same for the same subject every time."""

import hashlib


def share(subject: str, salt: str) -> float:
    """Return a number in [0, 1) that follows from a subject; other salts split otherwise."""
    found = hashlib.sha256(f"{salt}\n{subject}".encode("utf-8", "replace")).digest()
    return (int.from_bytes(found[:8]) >> 11) / (1 << 53)
