"""What a run is expected to cost before it begins: from runs of its workflow that ended well."""

from collections.abc import Sequence

import msgspec


class RunForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Nano-dollars and tokens to expect, and between which costs four of five runs lay."""

    runs: int
    usd: int = 0
    tokens: int = 0
    low: int = 0
    high: int = 0


def run_forecast(past: Sequence[tuple[int, int]]) -> RunForecast:
    """Return what the next run will likely take.

    Args:
        past: Cost and tokens of runs before, the newest first; the newest count most.
    """
    if not past:
        return RunForecast(runs=0)
    weights = [_FADING**age for age in range(len(past))]
    total = sum(weights)
    costs = sorted(usd for usd, _ in past)
    return RunForecast(
        runs=len(past),
        usd=round(sum(w * usd for w, (usd, _) in zip(weights, past, strict=True)) / total),
        tokens=round(sum(w * tokens for w, (_, tokens) in zip(weights, past, strict=True)) / total),
        low=costs[len(costs) // 10],
        high=costs[-1 - len(costs) // 10],
    )


_FADING = 0.97
"""What a run counts against the one after it: of 50 runs, the newest third counts for half."""
