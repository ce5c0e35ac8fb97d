"""What a model costs: the workspace's own prices before the bundled ones, never a guess."""

import asyncio
from collections.abc import Iterable, Mapping

from kapell.core.gateway.routing.route import Route, models
from kapell.core.pricing.override import Override, chosen, quoted
from kapell.core.pricing.quote import Quote
from kapell.core.pricing.worst import worst_of
from kapell.kit.clock import Clock
from kapell.kit.errors import Missing
from kapell.services.pricing.ports import PriceSource

_FREE = ("offline", "scripted")
_LOCAL = ("ollama",)
_FRESH = 60
"""Seconds after which a price is looked up anew: some change by the hour of the day."""


class PriceList:
    """Quotes models.

    Args:
        overrides: The workspace's own prices.
        source: The bundled list.
        clock: Prices change by date.
        routes: By name; one costs at most what the dearest of its deployments does.
    """

    def __init__(
        self,
        overrides: Iterable[Override],
        source: PriceSource,
        clock: Clock,
        routes: Mapping[str, Route] | None = None,
    ) -> None:
        self._overrides = tuple(overrides)
        self._source = source
        self._clock = clock
        self._routes = dict(routes or {})
        self._minute = -1
        self._known: dict[str, Quote] = {}

    def quote(self, model: str) -> Quote:
        """Return a model's price; that of a route is the worst of its deployments.

        Raises:
            Missing: ``price_missing``, with the lines that set one.
        """
        minute = int(self._clock.now() // _FRESH)
        if minute != self._minute:
            self._minute, self._known = minute, {}
        known = self._known
        found = known.get(model)
        if found is None:
            found = known[model] = self._looked_up(model)
        return found

    def _looked_up(self, model: str) -> Quote:
        if model in self._routes:
            return worst_of(model, [self.quote(one) for one in models(self._routes[model])])
        provider, _, name = model.partition(":")
        own = chosen(self._overrides, model)
        if own is not None:
            return quoted(own, model)
        if provider in _FREE:
            return Quote(model=model, input_price=0, output_price=0, source="free by nature")
        found = (
            None if provider in _LOCAL else self._source.lookup(provider, name, self._clock.now())
        )
        if found is None:
            raise _missing(model, provider)
        return found

    async def warm(self, model: str) -> None:
        """Look a model's price up in a thread: reading the bundled list takes up to a second.

        Raises:
            Missing: ``price_missing``.
        """
        await asyncio.to_thread(self.quote, model)


def _missing(model: str, provider: str) -> Missing:
    if provider in _LOCAL:
        return Missing(
            f"{model} runs on your own machine, and it is not said what it costs.",
            code="price_missing",
            advice=f"If it is free, add to kapell.yaml:\n{lines(f'{provider}:*', '0', '0')}",
        )
    return Missing(
        f"There is no price for {model}, so its cost cannot be kept within a budget.",
        code="price_missing",
        advice="Add its price in US dollars per million tokens to kapell.yaml, with the numbers "
        f"of its price page:\n{lines(model, '0.25', '2.00')}",
    )


def lines(model: str, input_price: str, output_price: str) -> str:
    """Return the lines of ``kapell.yaml`` that set a price."""
    return f'prices:\n  "{model}": {{input: {input_price}, output: {output_price}}}'
