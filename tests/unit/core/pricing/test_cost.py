"""Costs, against sums made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.gateway.calls import Usage
from kapell.core.pricing.quote import Quote, Tier, cost, worst_cost, worst_tokens
from kapell.kit.money import nano

MINI = Quote(
    model="openai:gpt-5-mini",
    input_price=nano("0.25"),
    output_price=nano("2"),
    cached_input_price=nano("0.025"),
)
STEPPED = Quote(
    model="google:gemini-2.5-pro",
    input_price=nano("1.25"),
    output_price=nano("10"),
    cached_input_price=nano("0.125"),
    tiers=(
        Tier(
            above=200_000,
            input_price=nano("2.5"),
            output_price=nano("15"),
            cached_input_price=nano("0.25"),
        ),
    ),
)


@pytest.mark.requirement("LG-06", "OB-08")
@pytest.mark.parametrize(
    ("quote", "usage", "dollars"),
    [
        # 1200 x 0.25/M + 340 x 2/M
        (MINI, Usage(input_tokens=1200, output_tokens=340), "0.00098"),
        # 200 x 0.25/M + 1000 x 0.025/M + 340 x 2/M
        (MINI, Usage(input_tokens=1200, output_tokens=340, cached_input_tokens=1000), "0.000755"),
        (MINI, Usage(input_tokens=1_000_000, output_tokens=1_000_000), "2.25"),
        (MINI, Usage(), "0"),
        # 200,000 is still the lower step; one more and the whole call pays the higher
        (STEPPED, Usage(input_tokens=200_000, output_tokens=1000), "0.26"),
        (STEPPED, Usage(input_tokens=200_001, output_tokens=1000), "0.5150025"),
        (
            STEPPED,
            Usage(input_tokens=300_000, output_tokens=1000, cached_input_tokens=100_000),
            "0.54",
        ),
    ],
)
def test_a_cost_is_what_the_price_page_says(quote: Quote, usage: Usage, dollars: str) -> None:
    assert cost(quote, usage) == nano(dollars)


def test_cached_input_without_a_price_of_its_own_costs_as_input() -> None:
    plain = Quote(model="x:y", input_price=nano("1"), output_price=nano("1"))
    used = Usage(input_tokens=1000, cached_input_tokens=1000)
    assert cost(plain, used) == nano("0.001")


def test_a_part_of_a_nano_dollar_is_booked_whole() -> None:
    cheap = Quote(model="x:y", input_price=1, output_price=0)
    assert cost(cheap, Usage(input_tokens=1)) == 1


@given(
    size=st.integers(0, 10**7),
    actual=st.integers(0, 10**7),
    limit=st.integers(0, 10**5),
    cached=st.integers(0, 10**7),
)
def test_the_worst_cost_is_never_below_the_true_one(
    size: int, actual: int, limit: int, cached: int
) -> None:
    used = Usage(
        input_tokens=min(actual, worst_tokens(size)),
        output_tokens=limit,
        cached_input_tokens=cached,
    )
    for quote in (MINI, STEPPED):
        assert worst_cost(quote, worst_tokens(size), limit) >= cost(quote, used)
