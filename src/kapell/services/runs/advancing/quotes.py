"""Prices as the machine reads them: looked up when first asked for."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from kapell.core.pricing.quote import Quote
from kapell.kit.errors import Failure, KapellError


class Prices(Protocol):
    """Knows what models cost."""

    def quote(self, model: str) -> Quote:
        """Return a model's price.

        Raises:
            Missing: ``price_missing``.
        """
        ...


class Quotes(Mapping[str, Quote | Failure]):
    """A price, or why there is none, for every model asked about."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._known: dict[str, Quote | Failure] = {}

    def __getitem__(self, model: str) -> Quote | Failure:
        """Return the price of a model, or the failure that says why there is none."""
        found = self._known.get(model)
        if found is None:
            try:
                found = self._prices.quote(model)
            except KapellError as error:
                found = Failure.of(error)
            self._known[model] = found
        return found

    async def warm(self, models: Iterable[str]) -> None:
        """Look prices up in a thread: the bundled list takes a second to read, once."""
        unknown = [model for model in models if model not in self._known]
        for model in unknown:
            await asyncio.to_thread(self.__getitem__, model)

    def __iter__(self) -> Iterator[str]:
        """Yield the models asked about so far."""
        return iter(self._known)

    def __len__(self) -> int:
        """Return how many models were asked about."""
        return len(self._known)
