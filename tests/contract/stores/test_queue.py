"""Who gets which run, and when."""

import asyncio
import time

import msgspec
import pytest

from kapell.adapters.db import Store
from kapell.core.events.codec import VERSION
from kapell.kit.ids import RunId, TenantId, WorkerId
from kapell.services.runs.ports import SUSPECT_AT
from tests.contract.stores.places import Place
from tests.contract.stores.runs import (
    ANN,
    BOB,
    RUNNING,
    T,
    claimed,
    decision,
    new,
    owned,
    taken_over,
)

LONG_AGO = 1_000_000_000.0


@pytest.mark.requirement("DX-12")
async def test_first_come_first_served(store: Store) -> None:
    for number, run in enumerate(["c", "a", "b"]):
        await store.starts.start([new(run, wake_at=LONG_AGO + number)])
    assert await claimed(store) == ["c", "a", "b"]


@pytest.mark.requirement("DX-12")
async def test_priority_goes_first(store: Store) -> None:
    runs = [new(f"r{level}", priority=level, wake_at=LONG_AGO) for level in (0, 5, -3, 9)]
    await store.starts.start(runs)
    assert await claimed(store, 3) == ["r9", "r5", "r0"]
    assert await claimed(store) == ["r-3"]


@pytest.mark.requirement("DX-12")
async def test_who_waits_long_overtakes(store: Store) -> None:
    await store.starts.start(
        [
            new("old", wake_at=LONG_AGO),
            new("urgent", priority=3, wake_at=LONG_AGO + 25),
            new("late", priority=3, wake_at=LONG_AGO + 35),
        ]
    )
    assert await claimed(store) == ["urgent", "old", "late"]


@pytest.mark.requirement("DX-12")
async def test_delayed_runs_wait_for_their_time(store: Store) -> None:
    due = time.time() + 3600
    await store.starts.start([new("later", wake_at=due), new("evenlater", wake_at=due + 1)])
    found = await store.log.claim(ANN, 10, {}, VERSION)
    assert (found.claims, found.next_due) == ((), due)
    assert abs(found.now - time.time()) < 60
    await store.starts.start([new("now")])
    found = await store.log.claim(ANN, 10, {}, VERSION)
    assert [one.run_id for one in found.claims] == ["now"]


async def test_nothing_is_due_in_an_empty_store(store: Store) -> None:
    assert (await store.log.claim(ANN, 10, {}, VERSION)).next_due is None


@pytest.mark.requirement("DX-12", "DX-15")
async def test_tenants_take_turns(store: Store) -> None:
    many = [new(f"a{number}", wake_at=LONG_AGO + number) for number in range(8)]
    few = [
        new(f"b{number}", tenant=TenantId("globex"), wake_at=LONG_AGO + 100 + number)
        for number in range(2)
    ]
    await store.starts.start(many + few)
    assert sorted(await claimed(store, 4)) == ["a0", "a1", "b0", "b1"]
    assert await claimed(store, 2) == ["a2", "a3"]


@pytest.mark.requirement("DX-15")
async def test_a_worker_gets_no_more_than_it_asks_for(store: Store) -> None:
    await store.starts.start([new(f"r{number}") for number in range(5)])
    assert len(await claimed(store, 2)) == 2
    assert await claimed(store, 0) == []
    assert len(await claimed(store, 10, worker=BOB)) == 3


@pytest.mark.requirement("DX-15")
async def test_caps_hold_over_all_workers(store: Store) -> None:
    await store.starts.start(
        [new(f"a{number}", wake_at=LONG_AGO + number) for number in range(6)]
        + [new("b", workflow="other", wake_at=LONG_AGO + 50)]
    )
    caps = {"review": 2}
    assert await claimed(store, 1, caps=caps) == ["a0"]
    # The one that is behind a full workflow is not held up by it.
    assert await claimed(store, 2, caps=caps, worker=BOB) == ["a1", "b"]
    assert await claimed(store, 9, caps=caps) == []
    assert await claimed(store, 9, caps={"review": 3}) == ["a2"]


@pytest.mark.requirement("DX-15")
async def test_caps_hold_while_all_claim_at_once(place: Place) -> None:
    stores = [await place.store() for _ in range(4)]
    await stores[0].starts.start([new(f"r{number:02d}") for number in range(40)])
    found = await asyncio.gather(
        *(
            claimed(stores[number % 4], 3, caps={"review": 7}, worker=WorkerId(f"w{number}"))
            for number in range(12)
        )
    )
    assert sum(map(len, found)) == 7


async def test_logs_of_newer_code_are_left_alone(store: Store) -> None:
    await store.starts.start([new("r1")])
    assert (await store.log.claim(ANN, 10, {}, VERSION - 1)).claims == ()
    assert await claimed(store) == ["r1"]


@pytest.mark.requirement("DX-02", "DX-03")
async def test_many_claimants_share_without_overlap(place: Place) -> None:
    stores = [await place.store() for _ in range(4)]
    runs = {f"r{number:03d}" for number in range(120)}
    await stores[0].starts.start([new(run) for run in sorted(runs)])

    async def take(number: int) -> list[str]:
        mine: list[str] = []
        while got := await claimed(stores[number % 4], 7, worker=WorkerId(f"w{number}")):
            mine += got
        return mine

    shares = await asyncio.gather(*(take(number) for number in range(8)))
    taken = [run for share in shares for run in share]
    assert len(taken) == len(set(taken))
    # Skipped rows of a claim under way may leave some behind: they are due for the next one.
    rest = await claimed(stores[0], 200)
    assert sorted([*taken, *rest]) == sorted(runs)


async def test_a_claim_tells_the_run_and_counts_itself(store: Store) -> None:
    await store.starts.start([new("r1", workflow="review")])
    (first,) = (await store.log.claim(ANN, 1, {}, VERSION)).claims
    assert (first.run_id, first.workflow, first.seq, first.epoch) == ("r1", "review", 1, 1)
    assert (first.takeovers, first.status) == (0, "queued")
    # A crash is a claim without any append; giving back in good order is none.
    await store.log.release(ANN, T, first.run_id, first.epoch, LONG_AGO)
    (second,) = (await store.log.claim(BOB, 1, {}, VERSION)).claims
    assert (second.takeovers, second.epoch) == (0, 2)


async def test_released_runs_sleep_until_their_timer(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    assert await store.log.release(ANN, T, claim.run_id, claim.epoch, None)
    assert await claimed(store) == []
    (claim,) = await owned(store, "r2")
    assert await store.log.release(ANN, T, claim.run_id, claim.epoch, LONG_AGO)
    assert await claimed(store, worker=BOB) == ["r2"]
    # Giving back what others own by now changes nothing.
    assert await store.log.release(ANN, T, claim.run_id, claim.epoch, None)
    assert (await store.reader.run(T, "r2")).owner == BOB


@pytest.mark.requirement("DX-17")
async def test_takeovers_are_counted_until_something_is_appended(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    for takeovers in (1, 2, 3):
        claim = await taken_over(store, claim, suspects=takeovers >= SUSPECT_AT)
        assert claim.takeovers == takeovers
    await store.log.append(decision(claim))
    claim = await taken_over(store, claim)
    assert (claim.takeovers, claim.seq) == (0, 2)


@pytest.mark.requirement("DX-17")
async def test_suspects_are_claimed_only_by_who_asks_for_them(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    for _ in range(SUSPECT_AT - 1):
        claim = await taken_over(store, claim)
    await store.log.beat(ANN, {claim.run_id: claim.epoch}, -1.0)
    await store.log.beat(BOB, {}, 60.0)
    await store.starts.start([new("r2"), new("r3")])
    found = await store.log.claim(BOB, 2, {}, VERSION)
    assert ([one.run_id for one in found.claims], found.next_due) == (["r2", "r3"], None)
    found = await store.log.claim(BOB, 9, {}, VERSION, True)
    assert [(one.run_id, one.takeovers) for one in found.claims] == [("r1", SUSPECT_AT)]


async def test_a_timer_is_kept_over_an_append(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    row = msgspec.structs.replace(RUNNING, wake_at=LONG_AGO)
    await store.log.append(decision(claim, row=row, release=True))
    found = await store.log.claim(BOB, 1, {}, VERSION)
    assert [one.run_id for one in found.claims] == [RunId("r1")]
