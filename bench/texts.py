"""The texts that guards look at in the bench: the same for every contestant."""

import argparse

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


def times() -> int:
    """Return how often each text is looked at: the option ``--count``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    return int(parser.parse_known_args()[0].count)
