"""Identifiers: checked text types, and how a sortable id is made of a time and randomness.

The two arrive as arguments: nothing here reads a clock or rolls dice.
"""

from typing import NewType

TenantId = NewType("TenantId", str)
RunId = NewType("RunId", str)
EventId = NewType("EventId", str)
WorkerId = NewType("WorkerId", str)
VersionHash = NewType("VersionHash", str)

LOCAL: TenantId = TenantId("local")
"""The tenant everything belongs to while no tenancy is configured."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def sortable(at: float, entropy: int) -> str:
    """Return 26 characters that sort by time: 48 bits of milliseconds and 80 bits of randomness.

    The layout is the ULID's, in small letters.

    Args:
        at: Seconds since 1970, UTC.
        entropy: At least 80 random bits; the rest is cut off.
    """
    number = (int(at * 1000) & ((1 << 48) - 1)) << 80 | (entropy & ((1 << 80) - 1))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
