"""What somebody usually spends in a day, and from where on a day is out of habit."""

from collections.abc import Sequence
from statistics import median

BACK = 14
"""Days that are looked back at."""

KNOWN = 5
"""Days with any spending, out of those, from which it is known what is usual."""


def usual(days: Sequence[int]) -> int | None:
    """Return the median of the days on which anything was spent; None where too few are known.

    A median, for one day out of habit must not make the next one look usual; days without spending
    do not count, for who works twice a week has a habit too.
    """
    spent = [one for one in days if one > 0]
    return int(median(spent)) if len(spent) >= KNOWN else None
