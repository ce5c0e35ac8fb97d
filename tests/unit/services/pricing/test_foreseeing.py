"""Runs foreseen from those before: looked at now and then, and never a reason not to begin."""

from collections.abc import Sequence

import msgspec

from kapell.kit.errors import Unavailable
from kapell.services.pricing.foreseeing import FRESH, RunForesight


class _Run(msgspec.Struct, frozen=True):
    workflow: str
    usd: int
    tokens: int = 0


class _Past:
    """Runs that ended well, and how often they were asked for."""

    def __init__(self, *runs: _Run) -> None:
        self.runs: list[_Run] = list(runs)
        self.asked = 0
        self.away = False
        self.at = 1000.0

    async def __call__(self) -> Sequence[_Run]:
        self.asked += 1
        if self.away:
            raise Unavailable("The store is away.")
        return self.runs

    def now(self) -> float:
        return self.at


async def test_each_workflow_is_foreseen_from_its_own_runs() -> None:
    past = _Past(_Run("a", 10), _Run("b", 500), _Run("a", 10))
    foresight = RunForesight(past, past)
    found = await foresight.of("a")
    assert found is not None
    assert (found.runs, found.usd) == (2, 10)
    assert await foresight.of("c") is None
    assert past.asked == 1


async def test_what_is_known_is_looked_at_anew_after_a_while() -> None:
    past = _Past(_Run("a", 10))
    foresight = RunForesight(past, past)
    await foresight.of("a")
    past.runs = [_Run("a", 30)]
    past.at += FRESH - 1
    found = await foresight.of("a")
    assert found is not None and found.usd == 10
    for step in (2.0, -10_000.0):  # time went on; then the clock was set back
        past.at += step
        past.runs = [_Run("a", int(past.at))]
        found = await foresight.of("a")
        assert found is not None and found.usd == int(past.at)


async def test_a_store_that_is_away_keeps_no_run_from_beginning() -> None:
    past = _Past(_Run("a", 10))
    past.away = True
    foresight = RunForesight(past, past)
    assert await foresight.of("a") is None
    past.away = False
    past.at += FRESH
    assert await foresight.of("a") is not None
    past.away = True
    past.at += FRESH
    assert await foresight.of("a") is not None  # what was known before is better than nothing
