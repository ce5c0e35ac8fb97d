"""The texts that guards look at in the bench: the same for every contestant."""

import argparse
from collections.abc import Iterator
from pathlib import Path

SHORT = (
    "Please write to jane.doe@example.com that we come on Monday; her phone is +1 (555) 234-5678 "
    "and the card 4111 1111 1111 1111 is to be charged. The whole team looks forward to seeing "
    "the garden."
)[:200]
"""200 characters of a message with three values."""

_PROSE = (
    "We met on Monday and spoke about the garden, the old house and what it would cost to mend "
    "the roof before winter. Version 2.4.1 of the plan has 12 pages and names 3 firms. "
)
LONG = (_PROSE * 10 + SHORT + "\n" + _PROSE * 20)[:4000]
"""4,000 characters of prose with the same values."""

NAMED = (("short", SHORT), ("long", LONG))
WARM = 5
"""So many texts of each length pass before any time is taken."""


def options() -> argparse.Namespace:
    """Return how often each text is looked at, and in which folder files may lie."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path())
    return parser.parse_known_args()[0]


def differing(text: str, count: int, mark: str = "n") -> Iterator[str]:
    """Yield a text again and again, its last six characters a mark and a number: none twice."""
    return (f"{text[:-6]}{mark}{number:05}" for number in range(count + WARM))
