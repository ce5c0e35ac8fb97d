"""Counts of quotas: windows by the store's clock, all or nothing, never over, on each store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kapell.adapters.redis.counts import RedisCounts
from kapell.core.gateway.quotas import Amount, Quota, Refused, Settlement, Taken, Wanted
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import Counts
from tests.contract.stores.conftest import KINDS, place_of
from tests.contract.stores.runs import T

DAY = 86400.0
# Windows end, and a test may run just then: a window of a million days ends for nobody.
LONG = 1_000_000 * DAY


class Counters:
    """What counts on one database or server; ``another`` is as another process has it."""

    def __init__(self, first: Counts, another: Counts) -> None:
        self.counts = first
        self.another = another


@pytest.fixture(params=[*KINDS, "redis"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return what the test counts on."""
    return str(request.param)


@pytest.fixture
def _address(kind: str, request: pytest.FixtureRequest) -> str:
    name = {"postgres": "postgres_dsn", "redis": "redis_url"}.get(kind)
    return str(request.getfixturevalue(name)) if name else ""


@pytest.fixture
async def store(kind: str, _address: str, tmp_path: Path) -> AsyncIterator[Counters]:
    """Yield counts that nothing was counted on."""
    if kind == "redis":
        first, second = RedisCounts(_address), RedisCounts(_address)
        yield Counters(first, second)
        await first.close()
        await second.close()
        return
    place = await place_of(kind, tmp_path, _address)
    try:
        yield Counters((await place.store()).counts, (await place.store()).counts)
    finally:
        await place.close()


def _want(scope: str, every: float = LONG, *, calls: int | None = None,
          tokens: int | None = None, usd: int | None = None) -> Wanted:  # fmt: skip
    quota = Quota(per="user", every=every, calls=calls, tokens=tokens, usd=usd)
    return Wanted(scope=scope, quota=quota)


async def test_what_is_taken_says_what_is_used_with_it(store: Counters) -> None:
    wide, narrow = _want("b", usd=50), _want("a", calls=10)
    for n in (1, 2):
        taken = await store.counts.take(T, [wide, narrow], Amount(1, 2, 20))
        assert isinstance(taken, Taken)
        assert list(taken.used) == [Amount(n, 2 * n, 20 * n)] * 2
    alone = await store.another.take(T, [_want("c"), wide], Amount(0, 0, 5))
    assert isinstance(alone, Taken)
    assert list(alone.used) == [Amount(0, 0, 5), Amount(2, 4, 45)]
    refused = await store.counts.take(T, [wide, narrow], Amount(1, 2, 20))
    assert isinstance(refused, Refused)
    assert (refused.wanted, refused.used) == (wide, Amount(2, 4, 45))


@pytest.mark.requirement("LG-10")
async def test_what_has_no_room_is_refused_and_says_when_to_come_back(store: Counters) -> None:
    want = _want("user=anna", calls=2, tokens=100)
    for _ in range(2):
        assert isinstance(await store.counts.take(T, [want], Amount(1, 40, 7)), Taken)
    refused = await store.counts.take(T, [want], Amount(1, 1, 1))
    assert isinstance(refused, Refused)
    assert refused.used == Amount(2, 80, 14) == await store.counts.used(T, "user=anna", LONG)
    assert 0 < refused.ends_in <= LONG
    other = TenantId("globex")
    assert await store.counts.used(other, "user=anna", LONG) == Amount()
    assert isinstance(await store.counts.take(other, [want], Amount(1, 1, 1)), Taken)


async def test_one_full_window_keeps_the_others_as_they_were(store: Counters) -> None:
    wide, narrow = _want("a", calls=10), _want("b", usd=5)
    assert isinstance(await store.counts.take(T, [wide, narrow], Amount(1, 1, 6)), Refused)
    assert await store.counts.used(T, "a", LONG) == Amount()
    assert await store.counts.used(T, "b", LONG) == Amount()


async def test_what_was_not_used_is_given_back(store: Counters) -> None:
    want = _want("a", tokens=100)
    taken = await store.counts.take(T, [want], Amount(1, 100, 50))
    assert isinstance(taken, Taken)
    await store.counts.settle(T, [Settlement([want], taken.at, Amount(0, -70, -20))])
    assert await store.counts.used(T, "a", LONG) == Amount(1, 30, 30)
    assert isinstance(await store.counts.take(T, [want], Amount(1, 70, 0)), Taken)


async def test_windows_of_other_lengths_and_past_ones_count_for_themselves(store: Counters) -> None:
    long, short = _want("a", calls=9), _want("a", 3600.0, calls=9)
    taken = await store.counts.take(T, [long, short], Amount(1, 0, 0))
    assert isinstance(taken, Taken)
    before = Settlement([long, short], taken.at - 7 * DAY, Amount(5, 0, 0))
    await store.counts.settle(T, [before])
    assert await store.counts.used(T, "a", LONG) == Amount(6, 0, 0)
    assert (await store.counts.used(T, "a", 3600.0)).calls in (0, 1)  # the hour may just end


async def test_many_at_once_never_take_more_than_there_is(store: Counters) -> None:
    wants = [_want("b", calls=10), _want("a", calls=25)]
    taken = await asyncio.gather(
        *(one.take(T, wants[:: 1 if n % 2 else -1], Amount(1, 0, 0))
          for n in range(20) for one in (store.counts, store.another))
    )  # fmt: skip
    assert sum(isinstance(one, Taken) for one in taken) == 10
    assert await store.counts.used(T, "b", LONG) == Amount(10, 0, 0)
    assert await store.counts.used(T, "a", LONG) == Amount(10, 0, 0)


async def test_of_several_full_windows_the_one_that_ends_last_is_told(store: Counters) -> None:
    short, long = _want("a", 3600.0, calls=1), _want("a", LONG, calls=1)
    assert isinstance(await store.counts.take(T, [long, short], Amount(1)), Taken)
    for wants in ([long, short], [short, long]):
        refused = await store.counts.take(T, wants, Amount(1))
        assert isinstance(refused, Refused)
        assert refused.wanted == long
        assert refused.ends_in > 3600.0


@pytest.mark.requirement("GR-07")
async def test_days_of_before_are_known_and_kept_while_they_tell_a_habit(store: Counters) -> None:
    day, week = _want("user=anna", DAY), _want("user=anna", 7 * DAY)
    taken = await store.counts.take(T, [day, week], Amount(1, 1, 5))
    assert isinstance(taken, Taken)
    older = [Settlement([day], taken.at - back * DAY, Amount(1, 0, back)) for back in (1, 2, 14)]
    await store.counts.settle(T, older)
    for _ in range(2):  # what is old is forgotten as something new is counted
        await store.another.take(T, [day], Amount(1, 1, 1))
    found = await store.another.days(T, "user=anna", 14)
    assert [one.usd for one in found] == [1, 2, *[0] * 11, 14]
    assert found[0] == Amount(1, 0, 1)
    assert [one.usd for one in await store.counts.days(T, "user=anna", 2)] == [1, 2]
    assert not any(one.usd for one in await store.counts.days(TenantId("globex"), "user=anna", 14))
    assert not any(one.usd for one in await store.counts.days(T, "user=ben", 14))


async def test_days_that_tell_no_habit_any_more_are_forgotten(store: Counters, kind: str) -> None:
    if kind in ("memory", "redis"):
        pytest.skip("memory keeps all; a Redis server forgets by its own clock")
    day = _want("a", DAY)
    taken = await store.counts.take(T, [day], Amount(1, 1, 1))
    assert isinstance(taken, Taken)
    for back in (13, 25):
        await store.counts.settle(T, [Settlement([day], taken.at - back * DAY, Amount(1, 0, back))])
    await store.another.take(T, [day], Amount(1, 1, 1))
    assert [one.usd for one in await store.counts.days(T, "a", 30) if one.usd] == [13]
