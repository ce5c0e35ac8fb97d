"""Shares of counts, and how sure one can be of them."""

from math import sqrt

_Z = 1.959964
"""How far 95 % of a normal distribution reach."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return between which shares the true one lies with 95 % certainty (Wilson's interval)."""
    if not of:
        return (0.0, 1.0)
    share, spread = hits / of, _Z * _Z / of
    middle = share + spread / 2
    width = _Z * sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (middle - width) / (1 + spread), (middle + width) / (1 + spread)
    return (max(0.0, low), min(1.0, high))


def told(hits: int, of: int) -> str:
    """Return a share with its interval, in percent: ``92.0 % (85.0 to 95.9), 92 of 100``."""
    low, high = wilson(hits, of)
    share = hits / of if of else 0.0
    return f"{share:.1%} ({low:.1%} to {high:.1%}), {hits} of {of}".replace("%", " %")
