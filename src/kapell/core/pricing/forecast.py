"""What a call is expected to use and cost, before it is made: learnt from calls like it."""

import msgspec

from kapell.core.gateway.calls import Usage
from kapell.core.pricing.habit import Habit, together
from kapell.core.pricing.quote import Quote, cost

_BYTES_A_TOKEN = 4
_USUAL_OUTPUT = 300
"""Output tokens of a call about which nothing is known yet."""

_ENOUGH = 5
"""Calls of one step from which nothing is learnt from the agent's other steps any more."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens and nano-dollars to expect; ``calls`` is how many calls it was learnt from."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: int = 0
    calls: int = 0


def forecast(
    quote: Quote, size: int, max_output: int, *, agent: str = "", step: str = ""
) -> Forecast:
    """Return what a call will likely use.

    Args:
        quote: The model's price, with what calls of it used lately.
        size: Bytes the call sends.
        max_output: Output tokens it may produce.
        agent: Who makes it; empty for none.
        step: In which step.
    """
    given: float = size / _BYTES_A_TOKEN
    made: float = _USUAL_OUTPUT
    share, calls = 1.0, 0
    for habit in _nearest(quote.habits, agent, step):
        weight = habit.calls**2 / (1 + habit.calls**2)
        given += weight * (habit.input_at(size) - given)
        made += weight * (habit.output_at(size) - made)
        share = _share(quote, habit)
        calls = habit.calls
    usage = Usage(input_tokens=round(given), output_tokens=min(round(made), max_output))
    return Forecast(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        usd=round(cost(quote, usage) * share),
        calls=calls,
    )


def _nearest(habits: tuple[Habit, ...], agent: str, step: str) -> list[Habit]:
    """Return what is known of calls like this one, from the farthest to the nearest."""
    same_step = together(one for one in habits if one.agent == agent and one.step == step)
    if same_step.calls >= _ENOUGH:
        return [same_step]
    same_agent = together(one for one in habits if one.agent == agent)
    return [one for one in (together(habits), same_agent, same_step) if one.calls]


def _share(quote: Quote, habit: Habit) -> float:
    """Return what calls cost of their list price: less than all of it where input was cached."""
    each = Usage(
        input_tokens=round(habit.input / habit.calls),
        output_tokens=round(habit.output / habit.calls),
    )
    listed = cost(quote, each) * habit.calls
    return min(habit.usd / listed, 1.0) if listed else 1.0
