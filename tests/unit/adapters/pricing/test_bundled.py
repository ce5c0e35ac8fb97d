"""The bundled prices: right to the nano-dollar, by date, read only when asked."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from kapell.adapters.pricing.bundled import BundledPrices
from kapell.core.gateway.calls import Usage
from kapell.core.pricing.quote import cost
from kapell.kit.money import nano

AT = datetime(2026, 11, 20, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def prices() -> BundledPrices:
    return BundledPrices()


@pytest.mark.requirement("LG-06", "OB-08")
@pytest.mark.parametrize(
    ("provider", "name", "usage", "dollars"),
    [
        ("openai", "gpt-5-mini", Usage(input_tokens=1200, output_tokens=340), "0.00098"),
        (
            "openai",
            "gpt-5-mini",
            Usage(input_tokens=1200, output_tokens=340, cached_input_tokens=1000),
            "0.000755",
        ),
        ("anthropic", "claude-haiku-4-5", Usage(input_tokens=10_000, output_tokens=500), "0.0125"),
        ("google", "gemini-2.5-flash", Usage(input_tokens=10_000, output_tokens=1000), "0.0055"),
        ("google", "gemini-2.5-pro", Usage(input_tokens=200_000, output_tokens=1000), "0.26"),
        ("google", "gemini-2.5-pro", Usage(input_tokens=200_001, output_tokens=1000), "0.5150025"),
        ("azure", "gpt-4o", Usage(input_tokens=1000, output_tokens=1000), "0.0125"),
    ],
)
def test_known_models_cost_what_their_price_pages_say(
    prices: BundledPrices, provider: str, name: str, usage: Usage, dollars: str
) -> None:
    quote = prices.lookup(provider, name, AT)
    assert quote is not None
    assert quote.model == f"{provider}:{name}"
    assert cost(quote, usage) == nano(dollars)


def test_the_source_says_which_list_and_how_fresh_it_is(prices: BundledPrices) -> None:
    quote = prices.lookup("openai", "gpt-5-mini", AT)
    assert quote is not None
    assert quote.source.startswith("genai-prices ")
    assert ", prices of 20" in quote.source


@pytest.mark.parametrize(
    ("provider", "name"),
    [("openai", "no-such-model-at-all"), ("nobody", "gpt-5-mini"), ("openai", "claude-haiku-4-5")],
)
def test_what_is_not_listed_has_no_price(prices: BundledPrices, provider: str, name: str) -> None:
    assert prices.lookup(provider, name, AT) is None


def test_the_list_is_read_only_when_a_price_is_asked() -> None:
    program = (
        "import sys; from kapell.adapters.pricing.bundled import BundledPrices; BundledPrices(); "
        "sys.exit('genai_prices' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
