"""What is expected of a call: nothing known, little known, much known."""

import random

import pytest

from kapell.core.pricing.forecast import forecast
from kapell.core.pricing.habit import Habit, together
from kapell.core.pricing.quote import Quote
from kapell.kit.money import nano

QUOTE = Quote(model="openai:gpt-5-mini", input_price=nano("0.25"), output_price=nano("2"))


def _habit(calls: list[tuple[int, int, int, int]], agent: str = "", step: str = "") -> Habit:
    """Return the habit of calls given as bytes, input, output tokens and nano-dollars."""
    made = together(
        Habit(
            calls=1,
            usd=paid,
            size=size,
            size_size=size * size,
            input=read,
            input_size=read * size,
            output=out,
            output_size=out * size,
            output_output=out * out,
        )
        for size, read, out, paid in calls
    )
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    return Habit(**{**fields, "agent": agent, "step": step})


def _with(*habits: Habit) -> Quote:
    return Quote(model=QUOTE.model, input_price=nano("0.25"), output_price=nano("2"), habits=habits)


def test_without_habits_list_prices_and_a_usual_answer_are_expected() -> None:
    found = forecast(QUOTE, 4000, 4096)
    assert (found.input_tokens, found.output_tokens, found.calls) == (1000, 300, 0)
    assert found.usd == 1000 * 250 + 300 * 2000
    assert forecast(QUOTE, 4000, 100).output_tokens == 100


@pytest.mark.requirement("LG-06")
def test_what_calls_used_is_learnt_by_size() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    calls = []
    for _ in range(200):
        size = chance.randint(200, 9000)
        read, out = 40 + size // 5, round((30 + size * 0.02) * chance.uniform(0.7, 1.3))
        calls.append((size, read, out, read * 250 + out * 2000))
    found = forecast(_with(_habit(calls, "writer", "draft")), 5000, 4096, agent="writer",
                     step="draft")  # fmt: skip
    assert found.input_tokens == pytest.approx(1040, rel=0.02)
    assert found.output_tokens == pytest.approx(130, rel=0.1)
    assert found.usd == pytest.approx(1040 * 250 + 130 * 2000, rel=0.08)
    assert found.calls == 200


def test_answers_that_do_not_go_by_size_are_expected_at_their_mean() -> None:
    calls = [(size, size // 4, 20 + size % 3, 0) for size in range(100, 3000, 7)]
    assert forecast(_with(_habit(calls)), 200_000, 4096).output_tokens == 21


def test_the_nearest_calls_tell_most() -> None:
    far = _habit([(1000, 250, 900, 0)] * 50, "writer", "other")
    near = _habit([(1000, 250, 10, 0)] * 2, "writer", "draft")
    known = forecast(_with(far, near), 1000, 4096, agent="writer", step="draft")
    assert 10 < known.output_tokens < 300
    sure = _habit([(1000, 250, 10, 0)] * 5, "writer", "draft")
    found = forecast(_with(far, sure), 1000, 4096, agent="writer", step="draft")
    assert found.output_tokens < 25


def test_what_a_vendor_took_off_for_cached_input_is_expected_again() -> None:
    half = [(4000, 1000, 100, (1000 * 250 + 100 * 2000) // 2)] * 20
    assert forecast(_with(_habit(half)), 4000, 4096).usd == pytest.approx(225_000, rel=0.02)


@pytest.mark.parametrize("size", [0, 1, 10**9])
def test_sizes_never_seen_have_a_forecast(size: int) -> None:
    one = _habit([(0, 0, 1, 0), (1, 5, 1, 0), (2, 1, 1, 0), (3, 1, 1, 0)])
    found = forecast(_with(one), size, 4096)
    assert found.input_tokens >= 0
    assert 0 <= found.output_tokens <= 4096
    assert found.usd >= 0
