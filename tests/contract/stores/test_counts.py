"""Counts of quotas: windows by the store's clock, all or nothing, never over, on each store."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.core.gateway.quotas import Amount, Quota, Refused, Settlement, Wanted
from kapell.kit.ids import TenantId
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T

DAY = 86400.0
# Windows end, and a test may run just then: a window of a million days ends for nobody.
LONG = 1_000_000 * DAY


def _want(scope: str, every: float = LONG, *, calls: int | None = None,
          tokens: int | None = None, usd: int | None = None) -> Wanted:  # fmt: skip
    quota = Quota(per="user", every=every, calls=calls, tokens=tokens, usd=usd)
    return Wanted(scope=scope, quota=quota)


@pytest.mark.requirement("LG-10")
async def test_what_has_no_room_is_refused_and_says_when_to_come_back(store: Store) -> None:
    want = _want("user=anna", calls=2, tokens=100)
    for _ in range(2):
        assert isinstance(await store.counts.take(T, [want], Amount(1, 40, 7)), float)
    refused = await store.counts.take(T, [want], Amount(1, 1, 1))
    assert isinstance(refused, Refused)
    assert refused.used == Amount(2, 80, 14) == await store.counts.used(T, "user=anna", LONG)
    assert 0 < refused.ends_in <= LONG
    other = TenantId("globex")
    assert await store.counts.used(other, "user=anna", LONG) == Amount()
    assert isinstance(await store.counts.take(other, [want], Amount(1, 1, 1)), float)


async def test_one_full_window_keeps_the_others_as_they_were(store: Store) -> None:
    wide, narrow = _want("a", calls=10), _want("b", usd=5)
    assert isinstance(await store.counts.take(T, [wide, narrow], Amount(1, 1, 6)), Refused)
    assert await store.counts.used(T, "a", LONG) == Amount()
    assert await store.counts.used(T, "b", LONG) == Amount()


async def test_what_was_not_used_is_given_back(store: Store) -> None:
    want = _want("a", tokens=100)
    at = await store.counts.take(T, [want], Amount(1, 100, 50))
    assert isinstance(at, float)
    await store.counts.settle(T, [Settlement([want], at, Amount(0, -70, -20))])
    assert await store.counts.used(T, "a", LONG) == Amount(1, 30, 30)
    assert isinstance(await store.counts.take(T, [want], Amount(1, 70, 0)), float)


async def test_windows_of_other_lengths_and_past_ones_count_for_themselves(store: Store) -> None:
    long, short = _want("a", calls=9), _want("a", 3600.0, calls=9)
    at = await store.counts.take(T, [long, short], Amount(1, 0, 0))
    assert isinstance(at, float)
    before = Settlement([long, short], at - 7 * DAY, Amount(5, 0, 0))
    await store.counts.settle(T, [before])
    assert await store.counts.used(T, "a", LONG) == Amount(6, 0, 0)
    assert (await store.counts.used(T, "a", 3600.0)).calls in (0, 1)  # the hour may just end


async def test_many_at_once_never_take_more_than_there_is(place: Place) -> None:
    first, second = await place.store(), await place.store()
    wants = [_want("b", calls=10), _want("a", calls=25)]
    taken = await asyncio.gather(
        *(one.counts.take(T, wants[:: 1 if n % 2 else -1], Amount(1, 0, 0))
          for n in range(20) for one in (first, second))
    )  # fmt: skip
    assert sum(isinstance(one, float) for one in taken) == 10
    assert await first.counts.used(T, "b", LONG) == Amount(10, 0, 0)
    assert await first.counts.used(T, "a", LONG) == Amount(10, 0, 0)
