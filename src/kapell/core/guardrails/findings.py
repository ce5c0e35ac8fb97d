"""What a look at a text finds."""

from typing import Literal, TypeAlias

import msgspec

Family: TypeAlias = Literal["pii", "secret", "injection", "jailbreak", "topic", "language", "file"]
"""What sort of thing is found: personal data, keys, orders hidden in material, attempts to undo
the instructions, subjects, the language, files that cannot be looked over."""

ORDERS: tuple[Family, ...] = ("injection", "jailbreak")
"""Families of signals: they tell of a text that it gives orders, and are never taken out of it."""


class Finding(msgspec.Struct, frozen=True):
    """A part of a text, ``text[start:end]``, that a detector recognised.

    ``kind`` names the thing within its family (``email``, ``card``, ``aws_key``, ``override``,
    ``medical`` ...), ``score`` from 0 to 1 says how sure the detector is.
    """

    family: Family
    kind: str
    start: int
    end: int
    score: float
