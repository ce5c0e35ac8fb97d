"""A workspace's own prices: which model they are for and what they say."""

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kapell.core.pricing.quote import Quote
from kapell.kit.money import nano


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Prices in US dollars per million tokens for the models that ``model`` names.

    ``model`` is ``provider:name``, where ``*`` stands for anything.
    """

    model: str
    input: Decimal | float
    output: Decimal | float
    cached_input: Decimal | float | None = None

    def matches(self, model: str) -> bool:
        """Tell whether a model is meant."""
        pattern = ".*".join(re.escape(part) for part in self.model.split("*"))
        return re.fullmatch(pattern, model) is not None


def chosen(overrides: Iterable[Override], model: str) -> Override | None:
    """Return the override that names a model most closely: by name, else by the longest pattern."""
    found = [override for override in overrides if override.matches(model)]
    return max(
        found, key=lambda override: (override.model == model, len(override.model)), default=None
    )


def quoted(override: Override, model: str) -> Quote:
    """Return an override as the quote of a model."""
    cached = override.cached_input
    return Quote(
        model=model,
        input_price=nano(override.input),
        output_price=nano(override.output),
        cached_input_price=None if cached is None else nano(cached),
        source="workspace",
    )
