"""A worker owns its runs as long as it beats; what a dead one leaves is free at once."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.core.events.codec import VERSION
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.ports import SUSPECT_AT, Claim, RunLost
from tests.contract.stores.runs import (
    ANN,
    BOB,
    ENDED,
    T,
    V,
    claimed,
    decision,
    message,
    new,
    owned,
    taken_over,
)

LONG = 60.0


@pytest.mark.requirement("DX-03")
async def test_a_beat_keeps_what_is_held(store: Store) -> None:
    one, two = await owned(store, "r1", "r2")
    held = {one.run_id: one.epoch, two.run_id: two.epoch}
    beat = await store.log.beat(ANN, held, LONG)
    assert beat.lost == frozenset()
    assert (await store.log.beat(BOB, {}, LONG)).lost == frozenset()
    assert await claimed(store, worker=BOB) == []


@pytest.mark.requirement("DX-02", "DX-03")
async def test_runs_of_the_dead_are_taken_over(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    held = {claim.run_id: claim.epoch}
    assert (await store.reader.run(T, "r1")).attended
    await store.log.beat(ANN, held, -1.0)
    (left,) = await store.reader.runs(T)
    assert not left.attended
    await store.log.beat(BOB, {}, LONG)
    assert not (await store.reader.run(T, "r1")).attended
    assert await claimed(store, worker=BOB) == ["r1"]
    assert (await store.reader.run(T, "r1")).attended
    # The dead one comes back: it can write nothing and learns what it has lost.
    with pytest.raises(RunLost):
        await store.log.append(decision(claim))
    assert (await store.log.beat(ANN, held, LONG)).lost == {RunId("r1")}


@pytest.mark.requirement("DX-02", "DX-03")
async def test_a_lease_that_ends_too_late_has_ended(store: Store) -> None:
    """Its worker died, then the clock was set back by an hour: its runs do not wait so long."""
    (claim,) = await owned(store, "r1")
    await store.log.beat(ANN, {claim.run_id: claim.epoch}, 500.0)
    await store.log.beat(BOB, {}, LONG)
    assert await claimed(store, worker=BOB) == []
    await store.log.beat(ANN, {claim.run_id: claim.epoch}, 3_600.0 + LONG)
    await store.log.beat(BOB, {}, LONG)
    assert await claimed(store, worker=BOB) == ["r1"]


@pytest.mark.requirement("DX-03")
async def test_a_beat_frees_what_its_worker_does_not_hold(store: Store) -> None:
    one, _ = await owned(store, "r1", "r2")
    # A claim that is younger than a lease may still be on its way to the worker.
    await store.log.beat(ANN, {one.run_id: one.epoch}, LONG)
    assert await claimed(store, worker=BOB) == []
    await store.log.beat(ANN, {one.run_id: one.epoch}, 0.0)
    await store.log.beat(ANN, {one.run_id: one.epoch}, LONG)
    found = await store.reader.run(T, "r2")
    assert found.owner is None


async def test_a_beat_tells_runs_with_another_epoch_as_lost(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    beat = await store.log.beat(ANN, {claim.run_id: claim.epoch + 1, RunId("r9"): 1}, LONG)
    assert beat.lost == {RunId("r1"), RunId("r9")}


@pytest.mark.requirement("DX-03")
async def test_who_leaves_gives_everything_back(store: Store) -> None:
    await owned(store, "r1", "r2")
    await store.log.leave(ANN)
    found = await claimed(store, worker=BOB)
    assert sorted(found) == ["r1", "r2"]
    assert (await store.log.beat(BOB, {}, LONG)).lost == frozenset()


async def test_a_worker_that_never_beat_is_not_robbed_at_once(store: Store) -> None:
    await owned(store, "r1")
    await store.log.beat(BOB, {}, LONG)
    assert (await store.reader.run(T, "r1")).owner == ANN


async def test_a_takeover_finds_the_messages(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.starts.send(message("r1", "k1"))
    await store.log.beat(ANN, {claim.run_id: claim.epoch}, -1.0)
    await store.log.beat(BOB, {}, LONG)
    await claimed(store, worker=BOB)
    assert [one.key for one in await store.log.inbox(BOB, [])] == ["k1"]
    assert await store.log.inbox(ANN, []) == ()


@pytest.mark.requirement("DX-02", "DX-03")
async def test_a_takeover_that_races_appends_leaves_one_owner(store: Store) -> None:
    claims = await owned(store, *(f"r{number:02d}" for number in range(20)))
    held = {claim.run_id: claim.epoch for claim in claims}

    async def take() -> list[str]:
        await store.log.beat(ANN, held, -1.0)
        await store.log.beat(BOB, {}, LONG)
        return await claimed(store, 50, worker=BOB)

    results = await asyncio.gather(
        take(), *(store.log.append(decision(claim)) for claim in claims), return_exceptions=True
    )
    taken = results[0]
    assert isinstance(taken, list)
    for claim, result in zip(claims, results[1:], strict=True):
        events = await store.reader.events(T, claim.run_id)
        assert len(events) == (1 if isinstance(result, RunLost) else 2)
    await store.log.beat(WorkerId("cat"), {}, LONG)
    rest = await claimed(store, 50, worker=WorkerId("cat"))
    assert sorted(taken + rest) == sorted(held)


@pytest.mark.requirement("DX-17")
async def test_a_run_born_owned_is_its_beginners_until_the_lease_ends(store: Store) -> None:
    await store.log.beat(ANN, {}, LONG)
    await store.starts.start([new("r1", owner=ANN), new("r2", owner=ANN, row=ENDED)])
    assert await claimed(store, worker=BOB) == []
    assert (await store.reader.run(T, "r1")).owner == ANN
    assert (await store.reader.run(T, "r2")).owner is None
    born = Claim(
        tenant_id=T, run_id=RunId("r1"), workflow="review", version=V, epoch=1, seq=1,
        takeovers=0, status=RunStatus.QUEUED,
    )  # fmt: skip
    assert (await store.log.append(decision(born))).seq == 2
    await store.log.beat(ANN, {born.run_id: 1}, -1.0)
    await store.log.beat(BOB, {}, LONG)
    (claim,) = (await store.log.claim(BOB, 9, {}, VERSION)).claims
    assert (claim.run_id, claim.epoch, claim.seq, claim.takeovers) == ("r1", 2, 2, 0)
    with pytest.raises(RunLost):
        await store.log.append(decision(born, seq=2))


async def test_new_runs_are_nobodys(store: Store) -> None:
    await store.starts.start([new("r1")])
    await store.log.beat(ANN, {}, LONG)
    assert (await store.reader.run(T, "r1")).owner is None


@pytest.mark.requirement("DX-17")
async def test_a_takeover_that_does_not_get_on_is_counted_on(store: Store) -> None:
    """Runs that end their workers at the same place again and again are noticed by the count."""
    (claim,) = await owned(store, "r1")
    assert claim.takeovers == 0
    seen = []
    for kept in (1, 2, 0, 0):
        await store.log.append(decision(claim, claims=kept))
        claim = await taken_over(store, claim, suspects=kept >= SUSPECT_AT)
        seen.append(claim.takeovers)
    assert seen == [1, 2, 0, 0]
