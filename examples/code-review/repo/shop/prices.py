"""What a basket costs."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def total(items: list[tuple[str, int]], discount: Decimal = Decimal(0)) -> Decimal:
    """Return the sum of price times count, less a discount in per cent, in whole cents."""
    whole = sum((Decimal(price) * count for price, count in items), Decimal(0))
    return (whole - whole * discount).quantize(CENT, ROUND_HALF_UP)
