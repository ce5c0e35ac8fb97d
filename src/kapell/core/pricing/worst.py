"""The price of a route: nobody knows before which deployment answers, so it is the dearest's."""

from collections.abc import Sequence

from kapell.core.pricing.quote import Quote, Tier


def worst_of(name: str, quotes: Sequence[Quote]) -> Quote:
    """Return prices that none of the quotes exceeds, whatever is used.

    A reservation by them covers whoever answers; the cost is that of who did.
    """
    starts = sorted({tier.above for quote in quotes for tier in quote.tiers})
    base = [_rates(quote, 0) for quote in quotes]
    return Quote(
        model=name,
        input_price=max(one.input_price for one in base),
        output_price=max(one.output_price for one in base),
        cached_input_price=max(_cached(one) for one in base),
        source=f"the dearest of {', '.join(quote.model for quote in quotes)}",
        tiers=tuple(
            _tier(start, [_rates(quote, start + 1) for quote in quotes]) for start in starts
        ),
    )


def _tier(above: int, rates: Sequence[Quote | Tier]) -> Tier:
    return Tier(
        above=above,
        input_price=max(one.input_price for one in rates),
        output_price=max(one.output_price for one in rates),
        cached_input_price=max(_cached(one) for one in rates),
    )


def _rates(quote: Quote, input_tokens: int) -> Quote | Tier:
    found: Quote | Tier = quote
    for tier in quote.tiers:
        if input_tokens > tier.above:
            found = tier
    return found


def _cached(rates: Quote | Tier) -> int:
    return rates.input_price if rates.cached_input_price is None else rates.cached_input_price
