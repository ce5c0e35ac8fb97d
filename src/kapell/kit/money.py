"""Money as whole nano-dollars, so that sums are exact.

One US dollar is 1,000,000,000. A price of $0.05 per million tokens is 50 a token; 63 bits hold nine
billion dollars.
"""

from decimal import ROUND_CEILING, Decimal
from typing import NewType

Nano = NewType("Nano", int)

ZERO = Nano(0)
LARGEST_USD = 1_000_000_000
"""Most US dollars an author may write, so that nano-dollars stay within 63 bits."""
_ONE_USD = Decimal(1_000_000_000)


def nano(usd: Decimal | float | str) -> Nano:
    """Return US dollars as nano-dollars, rounded up: we never book less than was spent."""
    return Nano(int((Decimal(str(usd)) * _ONE_USD).to_integral_value(ROUND_CEILING)))


def usd(amount: int) -> float:
    """Return nano-dollars as US dollars, for showing."""
    return amount / 1e9


def text(amount: int) -> str:
    """Return nano-dollars as people read them: ``$0.0123``; nothing is shown as ``$0.00``."""
    if amount == 0:
        return "$0.00"
    if amount >= 1_000_000_000:
        return f"${amount / 1e9:,.2f}"
    return f"${amount / 1e9:.6f}".rstrip("0").ljust(5, "0")
