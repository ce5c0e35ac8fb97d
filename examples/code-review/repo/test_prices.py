"""What a basket has to cost."""

import unittest
from decimal import Decimal

from shop.prices import total


class Baskets(unittest.TestCase):
    """Sums, discounts, half cents."""

    def test_prices_are_added(self) -> None:
        """Price times count."""
        self.assertEqual(total([("1.50", 2), ("0.99", 1)]), Decimal("3.99"))

    def test_a_discount_is_in_per_cent(self) -> None:
        """A quarter off."""
        self.assertEqual(total([("20.00", 1)], Decimal(25)), Decimal("15.00"))

    def test_half_a_cent_goes_up(self) -> None:
        """Never against the shop."""
        self.assertEqual(total([("0.05", 1)], Decimal(50)), Decimal("0.03"))


if __name__ == "__main__":
    unittest.main()
