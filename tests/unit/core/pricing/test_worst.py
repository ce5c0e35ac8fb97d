"""The price of a route covers whoever answers, whatever is used."""

from hypothesis import given
from hypothesis import strategies as st

from kapell.core.gateway.calls import Usage
from kapell.core.pricing.quote import Quote, Tier, cost
from kapell.core.pricing.worst import worst_of

prices = st.integers(0, 10**12)
tiers = st.builds(
    Tier,
    above=st.integers(1, 300_000),
    input_price=prices,
    output_price=prices,
    cached_input_price=st.none() | prices,
)
quotes = st.builds(
    Quote,
    model=st.sampled_from(["openai:a", "google:b"]),
    input_price=prices,
    output_price=prices,
    cached_input_price=st.none() | prices,
    tiers=st.lists(tiers, max_size=3, unique_by=lambda one: one.above).map(
        lambda found: tuple(sorted(found, key=lambda one: one.above))
    ),
)
tokens = st.integers(0, 500_000)


@given(st.lists(quotes, min_size=1, max_size=4), tokens, tokens, tokens)
def test_no_deployment_costs_more_than_its_route(
    listed: list[Quote], read: int, cached: int, written: int
) -> None:
    usage = Usage(input_tokens=read, cached_input_tokens=cached, output_tokens=written)
    worst = cost(worst_of("r", listed), usage)
    assert worst >= max(cost(one, usage) for one in listed)
    plain = Usage(input_tokens=read, output_tokens=0)
    assert cost(worst_of("r", listed), plain) == max(cost(one, plain) for one in listed)


def test_a_route_of_one_costs_what_that_one_costs() -> None:
    one = Quote(model="openai:a", input_price=5, output_price=7)
    found = worst_of("r", [one])
    assert (found.input_price, found.output_price, found.cached_input_price) == (5, 7, 5)
    assert (found.model, found.source) == ("r", "the dearest of openai:a")
