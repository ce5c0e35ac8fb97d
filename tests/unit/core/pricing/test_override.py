"""A workspace's own prices: the closest name wins."""

from decimal import Decimal

from kapell.core.pricing.override import Override, chosen, quoted
from kapell.kit.money import nano

PRICES = (
    Override(model="openai:*", input=9, output=9),
    Override(model="openai:gpt-5*", input=5, output=5),
    Override(model="openai:gpt-5-mini", input=Decimal("0.1"), output=0.4, cached_input=0.01),
)


def test_a_name_comes_before_a_pattern_and_a_long_pattern_before_a_short_one() -> None:
    names = ("openai:gpt-5-mini", "openai:gpt-5-nano", "openai:o9", "google:o9")
    found = [chosen(PRICES, name) for name in names]
    assert found == [PRICES[2], PRICES[1], PRICES[0], None]


def test_dollars_per_million_become_nano_dollars() -> None:
    quote = quoted(PRICES[2], "openai:gpt-5-mini")
    assert (quote.input_price, quote.output_price) == (100_000_000, 400_000_000)
    assert quote.cached_input_price == nano("0.01")
    assert quote.source == "workspace"


def test_other_signs_of_a_pattern_are_plain() -> None:
    assert not Override(model="openai:gpt.5", input=1, output=1).matches("openai:gpt-5")
