"""The price list: own prices first, free by nature, never a guess."""

import pytest

from kapell.core.pricing.override import Override
from kapell.core.pricing.quote import Quote
from kapell.kit.errors import Missing
from kapell.services.pricing.prices import PriceList


class Listed:
    """A price source that knows one model and notes when it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []

    def lookup(self, provider: str, name: str, at: float) -> Quote | None:
        self.asked.append((provider, name, at))
        if name != "known":
            return None
        return Quote(model=f"{provider}:{name}", input_price=3, output_price=4, source="list")


class Noon:
    def now(self) -> float:
        return 1_760_000_000.0


class Moving:
    at = 0.0

    def now(self) -> float:
        return self.at


def test_a_price_of_the_workspace_comes_first() -> None:
    source = Listed()
    prices = PriceList([Override(model="openai:known", input=1, output=2)], source, Noon())
    assert prices.quote("openai:known").source == "workspace"
    assert source.asked == []


def test_the_bundled_price_is_that_of_the_time() -> None:
    source = Listed()
    assert PriceList([], source, Noon()).quote("openai:known").source == "list"
    assert source.asked == [("openai", "known", 1_760_000_000.0)]


def test_a_price_is_looked_up_anew_every_minute() -> None:
    source, clock = Listed(), Moving()
    prices = PriceList([], source, clock)
    for seconds in (0, 59, 60, 119, 30):
        clock.at = 1_760_000_040.0 + seconds
        assert prices.quote("openai:known").source == "list"
    assert [int(at - 1_760_000_040) for _, _, at in source.asked] == [0, 60, 30]


@pytest.mark.parametrize("model", ["offline", "scripted:answers.yaml"])
def test_offline_and_scripted_cost_nothing(model: str) -> None:
    quote = PriceList([], Listed(), Noon()).quote(model)
    assert (quote.input_price, quote.output_price) == (0, 0)


def test_a_model_without_a_price_is_refused_with_the_lines_that_set_one() -> None:
    with pytest.raises(Missing) as caught:
        PriceList([], Listed(), Noon()).quote("openai:brand-new")
    assert caught.value.code == "price_missing"
    assert 'prices:\n  "openai:brand-new": {input: 0.25, output: 2.00}' in caught.value.advice


def test_a_local_model_is_free_only_when_that_is_said() -> None:
    source = Listed()
    with pytest.raises(Missing) as caught:
        PriceList([], source, Noon()).quote("ollama:known")
    assert source.asked == []
    assert 'prices:\n  "ollama:*": {input: 0, output: 0}' in caught.value.advice
    said = PriceList([Override(model="ollama:*", input=0, output=0)], source, Noon())
    assert said.quote("ollama:llama3.2").output_price == 0


async def test_warming_looks_the_price_up_beforehand() -> None:
    source = Listed()
    await PriceList([], source, Noon()).warm("openai:known")
    assert len(source.asked) == 1
