"""A model's price and what follows from it: the reservation before, the cost after."""

import msgspec

from kapell.core.gateway.calls import Usage
from kapell.core.pricing.habit import Habit
from kapell.kit.money import Nano

_MILLION = 1_000_000
TOKENS_BESIDE_TEXT = 256
"""Tokens a provider adds around our text (roles, tool wrapping); generous on purpose."""


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of calls whose input is longer than ``above`` tokens; they hold for the whole call."""

    above: int
    input_price: int
    output_price: int
    cached_input_price: int | None = None


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of one model in nano-dollars per million tokens, with where they come from.

    ``tiers`` rise by ``above``. ``habits`` is what calls of the model used lately.
    """

    model: str
    input_price: int
    output_price: int
    cached_input_price: int | None = None
    source: str = ""
    tiers: tuple[Tier, ...] = ()
    habits: tuple[Habit, ...] = ()

    @property
    def provider(self) -> str:
        """Return the part of the model's name before the colon."""
        return self.model.partition(":")[0]


def cost(quote: Quote, usage: Usage) -> Nano:
    """Return what ``usage`` costs, rounded up to the nano-dollar."""
    rates: Quote | Tier = quote
    for tier in quote.tiers:
        if usage.input_tokens > tier.above:
            rates = tier
    cached_price = (
        rates.input_price if rates.cached_input_price is None else rates.cached_input_price
    )
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    total = (
        (usage.input_tokens - cached) * rates.input_price
        + cached * cached_price
        + usage.output_tokens * rates.output_price
    )
    return Nano(-(-total // _MILLION))


def worst_tokens(text_bytes: int) -> int:
    """Return the most input tokens a text can make: no tokenizer yields more tokens than bytes."""
    return text_bytes + TOKENS_BESIDE_TEXT


def worst_cost(quote: Quote, input_tokens: int, max_output: int) -> Nano:
    """Return the list price of that input and all the output the call may produce."""
    return cost(quote, Usage(input_tokens=input_tokens, output_tokens=max_output))
