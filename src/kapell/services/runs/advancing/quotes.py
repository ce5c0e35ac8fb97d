"""Prices as the machine reads them, with what calls used lately: looked up when first asked for."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias

import msgspec

from kapell.core.pricing.habit import Habit
from kapell.core.pricing.quote import Quote
from kapell.kit.clock import Clock
from kapell.kit.errors import Failure, KapellError

FRESH = 30.0
"""Seconds after which it is looked anew what calls used."""

Habits: TypeAlias = Callable[[], Awaitable[Mapping[str, tuple[Habit, ...]]]]
"""Says by model what its calls used lately."""


class Prices(Protocol):
    """Knows what models cost."""

    def quote(self, model: str) -> Quote:
        """Return a model's price.

        Raises:
            Missing: ``price_missing``.
        """
        ...


class Quotes(Mapping[str, Quote | Failure]):
    """A price, or why there is none, for every model asked about.

    Args:
        prices: Where prices come from.
        habits: Says what calls used lately; without it forecasts know list prices only.
        clock: Tells when that is to be asked again.
    """

    def __init__(
        self, prices: Prices, habits: Habits | None = None, clock: Clock | None = None
    ) -> None:
        self._prices = prices
        self._known: dict[str, Quote | Failure] = {}
        self._ask_habits = habits
        self._clock = clock
        self._asked_at: float | None = None
        self._habits: Mapping[str, tuple[Habit, ...]] = {}

    def __getitem__(self, model: str) -> Quote | Failure:
        """Return the price of a model, or the failure that says why there is none."""
        found = self._known.get(model)
        if found is None:
            try:
                quote = self._prices.quote(model)
                found = msgspec.structs.replace(quote, habits=self._habits.get(model, ()))
            except KapellError as error:
                found = Failure.of(error)
            self._known[model] = found
        return found

    async def warm(self, models: Iterable[str]) -> None:
        """Look prices up in a thread: the bundled list takes a second to read, once."""
        await self._learn()
        unknown = [model for model in models if model not in self._known]
        for model in unknown:
            await asyncio.to_thread(self.__getitem__, model)

    async def _learn(self) -> None:
        """Ask what calls used lately, when that was asked too long ago."""
        if self._ask_habits is None or self._clock is None:
            return
        now = self._clock.now()
        if self._asked_at is not None and 0 <= now - self._asked_at < FRESH:
            return
        self._asked_at = now
        # A forecast is no reason for a run to stand still.
        with contextlib.suppress(KapellError):
            self._habits = await self._ask_habits()
        for model, quote in self._known.items():
            if isinstance(quote, Quote):
                learnt = self._habits.get(model, ())
                self._known[model] = msgspec.structs.replace(quote, habits=learnt)

    def __iter__(self) -> Iterator[str]:
        """Yield the models asked about so far."""
        return iter(self._known)

    def __len__(self) -> int:
        """Return how many models were asked about."""
        return len(self._known)
