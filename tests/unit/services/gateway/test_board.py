"""The board: what this worker sees counts at once, what others see soon, and no store is needed."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from kapell.core.gateway.routing.health import Health, Outcome, Report, standing
from kapell.core.gateway.routing.minutes import Minute
from kapell.core.gateway.routing.route import Breaker
from kapell.kit.errors import Unavailable
from kapell.kit.ids import LOCAL, TenantId
from kapell.services.gateway.routing.board import HealthBoard
from kapell.testing.stores.deployments import MemoryDeployments

NOW = 1_000_000.0


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at


class Away(MemoryDeployments):
    """A store that can be away."""

    away = False

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("The store is away.")

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        self._answer()
        return await super().report(tenant_id, reports)

    async def probe(
        self, tenant_id: TenantId, deployment: str, now: float, until: float
    ) -> tuple[bool, Health]:
        self._answer()
        return await super().probe(tenant_id, deployment, now, until)

    async def healths(self, tenant_id: TenantId) -> Mapping[str, Health]:
        self._answer()
        return await super().healths(tenant_id)

    async def minutes(self, tenant_id: TenantId, since: int) -> Sequence[Minute]:
        self._answer()
        return await super().minutes(tenant_id, since)


class Told(MemoryDeployments):
    """A store that says when it was reported to twice."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = asyncio.Event()
        self._times = 0

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        found = await super().report(tenant_id, reports)
        self._times += len(reports)
        if self._times == 2:
            self.twice.set()
        return found


def told(outcome: Outcome = "failed", at: float = NOW) -> Report:
    return Report(deployment="d", outcome=outcome, at=at, breaker=Breaker(failures=2, cooldown=5))


def stands(board: HealthBoard, at: float = NOW) -> str:
    return standing(board.known.get("d", Health()), at)


async def test_what_is_seen_here_counts_here_at_once() -> None:
    board = HealthBoard(MemoryDeployments(), LOCAL, Clock())
    await board.look()
    board.note(told())
    board.note(told())
    assert stands(board) == "open"
    await board.close()


async def test_bad_news_reaches_the_others() -> None:
    store = Told()
    one, two = (HealthBoard(store, LOCAL, Clock()) for _ in range(2))
    one.note(told())
    two.note(told())
    await store.twice.wait()
    await two.look()
    assert stands(two) == "open"
    await one.close()
    await two.close()


async def test_closing_stores_what_was_noted_last() -> None:
    store = MemoryDeployments()
    board = HealthBoard(store, LOCAL, Clock())
    for _ in range(3):
        board.note(told("answered"))
    await board.close()
    (minute,) = await store.minutes(LOCAL, 0)
    assert minute.answered == 3


async def test_a_store_that_is_away_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = Away()
    store.away = True
    clock = Clock()
    board = HealthBoard(store, LOCAL, clock)
    await board.look()
    board.note(told())
    board.note(told())
    assert stands(board) == "open"
    assert not await board.store()
    assert "cannot be stored" in caplog.text
    # This worker probes for itself as long as nobody can be asked for the claim.
    clock.at = NOW + 6
    assert await board.probe("d", NOW + 9)
    assert not await board.probe("d", NOW + 9)
    store.away = False
    assert await board.store()
    assert (await store.healths(LOCAL))["d"].failures == 2
    await board.close()


async def test_one_probe_among_two_workers_and_the_other_learns_that() -> None:
    store, clock = MemoryDeployments(), Clock()
    one, two = (HealthBoard(store, LOCAL, clock) for _ in range(2))
    await store.report(LOCAL, [told(), told()])
    await one.look()
    await two.look()
    clock.at = NOW + 6
    assert stands(two, clock.at) == "half_open"
    assert await one.probe("d", clock.at + 3)
    assert not await two.probe("d", clock.at + 3)
    assert stands(two, clock.at) == "probing"
    one.note(told("answered", clock.at))
    await one.close()
    assert (await store.healths(LOCAL))["d"].opened_at == 0
    await two.close()
