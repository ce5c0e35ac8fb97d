"""Prices of the list that ships with genai-prices; nothing is fetched."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING

from kapell.core.pricing.quote import Quote, Tier
from kapell.kit.money import nano

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelPrice, TieredPrices

_PACKAGE = "genai-prices"


class BundledPrices:
    """Looks prices up in the bundled list, read when first asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._list: DataSnapshot | None = None
        self._source = ""

    def lookup(self, provider: str, name: str, at: float) -> Quote | None:
        """Return the price of a model at a time; None when it is not listed for that provider."""
        prices = self._prices()
        moment = datetime.fromtimestamp(at, UTC)
        try:
            _, model = prices.find_provider_model(name, None, provider, None)
        except LookupError:
            return None
        return _quote(f"{provider}:{name}", model.get_prices(moment), self._source)

    def _prices(self) -> "DataSnapshot":
        with self._lock:
            if self._list is None:
                from genai_prices.data_snapshot import (  # noqa: PLC0415 - reads 1.6 MB on use
                    get_snapshot,
                )

                self._list = get_snapshot()
                self._source = f"{_PACKAGE} {version(_PACKAGE)}, prices of {_newest(self._list)}"
            return self._list


def _newest(prices: "DataSnapshot") -> date:
    """Return the newest date a price of the list begins at: how fresh the list is."""
    return max(
        (
            start
            for provider in prices.providers
            for model in provider.models
            if isinstance(model.prices, list)
            for priced in model.prices
            if isinstance(start := getattr(priced.constraint, "start_date", None), date)
        ),
        default=date(1970, 1, 1),
    )


def _quote(model: str, price: "ModelPrice", source: str) -> Quote | None:
    """Return a listed price as a quote; one without both prices of text is none."""
    given, made, cached = price.input_mtok, price.output_mtok, price.cache_read_mtok
    if given is None or made is None:
        return None
    starts = sorted({start for listed in (given, made, cached) for start in _starts(listed)})
    return Quote(
        model=model,
        input_price=_at(given, 0),
        output_price=_at(made, 0),
        cached_input_price=None if cached is None else _at(cached, 0),
        source=source,
        tiers=tuple(
            Tier(
                above=start,
                input_price=_at(given, start + 1),
                output_price=_at(made, start + 1),
                cached_input_price=None if cached is None else _at(cached, start + 1),
            )
            for start in starts
        ),
    )


def _starts(price: "Decimal | TieredPrices | None") -> list[int]:
    return (
        [] if price is None or isinstance(price, Decimal) else [tier.start for tier in price.tiers]
    )


def _at(price: "Decimal | TieredPrices", tokens: int) -> int:
    """Return the nano-dollars per million tokens of a call with that much input."""
    if isinstance(price, Decimal):
        return nano(price)
    rate = price.base
    for tier in price.tiers:
        if tokens > tier.start:
            rate = tier.price
    return nano(rate)
