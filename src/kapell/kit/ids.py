"""Identifiers: checked text types, and how a sortable id is made of a time and randomness.

The two arrive as arguments: nothing here reads a clock or rolls dice.
"""

import re
from typing import NewType

from kapell.kit.json import digest

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


_ID = re.compile(f"[{_ALPHABET}]{{26}}")


def is_id(text: str) -> bool:
    """Tell whether a text has the form of our ids; only such a text may name a folder."""
    return _ID.fullmatch(text) is not None


_TIME = 10
"""Characters of an id that tell the time."""


def child_id(parent: RunId, attempt: str) -> RunId:
    """Return the id of the run that an attempt of a step begins: it follows from the two.

    It sorts beside its parent, so that lists by time hold both together.
    """
    return RunId(child_prefix(parent) + digest(f"{parent}:{attempt}".encode())[:15])


def child_prefix(parent: RunId) -> str:
    """Return what the ids of all runs begin with that a run begins."""
    return f"{parent[:_TIME]}z"
