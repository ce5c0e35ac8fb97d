"""A model's price and what follows from it: the reservation before, the cost after."""

import msgspec

from kapell.core.gateway.calls import Usage
from kapell.kit.money import Nano

_MILLION = 1_000_000
TOKENS_BESIDE_TEXT = 256
"""Tokens a provider adds around our text (roles, tool wrapping); generous on purpose."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of one model in nano-dollars per million tokens, with where they come from."""

    model: str
    input_price: int
    output_price: int
    cached_input_price: int | None = None
    source: str = ""

    @property
    def provider(self) -> str:
        """Return the part of the model's name before the colon."""
        return self.model.partition(":")[0]


def cost(quote: Quote, usage: Usage) -> Nano:
    """Return what ``usage`` costs, rounded up to the nano-dollar."""
    cached_price = quote.input_price if quote.cached_input_price is None else quote.cached_input_price
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    total = (
        (usage.input_tokens - cached) * quote.input_price
        + cached * cached_price
        + usage.output_tokens * quote.output_price
    )
    return Nano(-(-total // _MILLION))


def worst_tokens(text_bytes: int) -> int:
    """Return the most input tokens a text can make: no tokenizer yields more tokens than bytes."""
    return text_bytes + TOKENS_BESIDE_TEXT


def worst_cost(quote: Quote, input_tokens: int, max_output: int) -> Nano:
    """Return the list price of that input and all the output the call may produce."""
    return cost(quote, Usage(input_tokens=input_tokens, output_tokens=max_output))
