"""Runs begin once per key; messages reach a run once per key."""

import asyncio

import msgspec
import pytest

from kapell.adapters.db import Store
from kapell.core.events.codec import VERSION
from kapell.core.gateway.calls import Usage
from kapell.core.runs.commands import (
    Answer,
    Cancel,
    ChildOutcome,
    LateAnswer,
    Merge,
    Repair,
    Resume,
    Retry,
    Signal,
)
from kapell.kit.errors import Conflict, Failure, KapellError, Missing
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest
from kapell.services.runs.ports import Appended, RunLost, Started
from tests.contract.stores.places import Place
from tests.contract.stores.runs import ANN, BOB, ENDED, T, V, claimed, decision, message, new, owned


@pytest.mark.requirement("DX-02")
async def test_a_key_starts_one_run(store: Store) -> None:
    first = await store.starts.start([new("r1", key="k", fingerprint="f")])
    again = await store.starts.start([new("r2", key="k", fingerprint="f"), new("r3")])
    assert first == (Started(RunId("r1"), True),)
    assert again == (Started(RunId("r1"), False), Started(RunId("r3"), True))
    other = await store.starts.start(
        [new("r4", key="k", fingerprint="f", tenant=TenantId("globex"))]
    )
    assert other[0].created


@pytest.mark.requirement("DX-02")
async def test_a_key_for_something_else_is_refused_with_all_that_came_along(store: Store) -> None:
    await store.starts.start([new("r1", key="k", fingerprint="f")])
    with pytest.raises(Conflict) as caught:
        await store.starts.start([new("r2"), new("r3", key="k", fingerprint="g")])
    assert (caught.value.code, bool(caught.value.advice)) == ("key_reused", True)
    assert [run.run_id for run in await store.reader.runs(T)] == ["r1"]


@pytest.mark.requirement("DX-02")
async def test_a_key_used_twice_at_once_starts_one_run(place: Place) -> None:
    stores = [await place.store() for _ in range(3)]
    wanted = [
        stores[number % 3].starts.start([new(f"r{number:02d}", key="k", fingerprint="f")])
        for number in range(24)
    ]
    results = await asyncio.gather(*wanted)
    assert sum(one.created for (one,) in results) == 1
    assert len({one.run_id for (one,) in results}) == 1


async def test_the_same_run_again_is_the_same_run(store: Store) -> None:
    await store.starts.start([new("r1")])
    assert await store.starts.start([new("r1")]) == (Started(RunId("r1"), False),)


async def test_a_start_brings_its_artifacts(store: Store) -> None:
    await store.starts.start([new("r1", artifacts={Digest("d"): b"body"})])
    assert await store.artifacts.get(T, [Digest("d")]) == {Digest("d"): b"body"}


async def test_an_ended_run_can_be_brought_in(store: Store) -> None:
    await store.starts.start([new("r1", row=ENDED)])
    assert await claimed(store) == []
    assert (await store.reader.run(T, "r1")).ended_at == 1.5


@pytest.mark.requirement("DX-08")
async def test_a_run_from_elsewhere_keeps_its_time(store: Store) -> None:
    foreign = msgspec.structs.replace(new("r1"), created_at=1000.0, updated_at=2000.0)
    await store.starts.start([foreign, new("r2")])
    r1, r2 = [await store.reader.run(T, ref) for ref in ("r1", "r2")]
    assert (r1.created_at, r1.updated_at) == (1000.0, 2000.0)
    assert r2.created_at == r2.updated_at > 2000.0


@pytest.mark.requirement("DX-02")
async def test_a_message_arrives_once(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    assert await store.starts.send(message("r1", "k1"))
    assert not await store.starts.send(message("r1", "k1"))
    (found,) = await store.log.inbox(ANN, [claim.run_id])
    assert (found.key, found.command, found.actor) == ("k1", Signal("go"), "user:eve")
    await store.log.append(decision(claim, consumed=[found.number]))
    assert await store.log.inbox(ANN, [claim.run_id]) == ()
    # Consumed is not forgotten.
    assert not await store.starts.send(message("r1", "k1"))
    assert await store.log.inbox(ANN, []) == ()


async def test_a_lost_append_consumes_nothing(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.starts.send(message("r1", "k1"))
    (found,) = await store.log.inbox(ANN, [])
    with pytest.raises(RunLost):
        await store.log.append(decision(claim, worker=BOB, consumed=[found.number]))
    assert len(await store.log.inbox(ANN, [])) == 1


async def test_messages_keep_their_order(store: Store) -> None:
    await owned(store, "r1")
    for number in range(12):
        await store.starts.send(message("r1", f"k{number}"))
    found = await store.log.inbox(ANN, [])
    assert [one.key for one in found] == [f"k{number}" for number in range(12)]
    assert [one.number for one in found] == sorted(one.number for one in found)


@pytest.mark.parametrize(
    "command",
    [
        Cancel("enough"),
        Answer("ask", True, "fine", {"a": [1, None]}),
        Signal("paid", {"sum": 1.5}),
        Repair("draft#1", "text", "by hand"),
        Retry("draft"),
        Resume(),
        ChildOutcome("c1", "fan[3]", "failed", None, Failure(code="x", message="y"), 3, 4),
        LateAnswer("c", Usage(), 12),
        Merge("r9", {"x": "ü"}),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_every_command_comes_back(store: Store, command: Signal) -> None:
    await owned(store, "r1")
    await store.starts.send(message("r1", "k", command))
    assert [one.command for one in await store.log.inbox(ANN, [])] == [command]


async def test_a_message_to_nobody(store: Store) -> None:
    with pytest.raises(Missing) as caught:
        await store.starts.send(message("r1", "k1"))
    assert caught.value.code == "run_unknown"


@pytest.mark.requirement("DX-02")
async def test_a_waiting_message_keeps_the_run_with_its_owner(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.starts.send(message("r1", "k1"))
    assert not await store.log.release(ANN, T, claim.run_id, claim.epoch, None)
    assert await store.log.append(decision(claim, row=ENDED)) == Appended(2, False)
    (found,) = await store.log.inbox(ANN, [])
    append = decision(claim, seq=2, row=ENDED, consumed=[found.number])
    assert await store.log.append(append) == Appended(3, True)


@pytest.mark.requirement("DX-02")
async def test_an_ended_run_wakes_for_a_message(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.log.append(decision(claim, row=ENDED))
    assert await claimed(store) == []
    await store.starts.send(message("r1", "k1", Retry()))
    assert await claimed(store, worker=BOB) == ["r1"]
    assert len(await store.log.inbox(BOB, [])) == 1


@pytest.mark.requirement("DX-02")
async def test_a_message_that_meets_a_release_is_never_lost(place: Place) -> None:
    mine, others = await place.store(), await place.store()
    for number in range(30):
        run = f"r{number:02d}"
        (claim,) = await owned(mine, run)
        released, _ = await asyncio.gather(
            mine.log.release(ANN, T, claim.run_id, claim.epoch, None),
            others.starts.send(message(run, "k")),
        )
        if released:
            found = await others.log.claim(BOB, 10, {}, VERSION)
            assert [one.run_id for one in found.claims] == [run]
            (claim,) = found.claims
        worker = BOB if released else ANN
        (letter,) = await mine.log.inbox(worker, [claim.run_id])
        append = decision(claim, worker=worker, consumed=[letter.number], row=ENDED)
        assert (await mine.log.append(append)).released


async def test_versions(store: Store) -> None:
    await store.starts.save_version(T, V, "review", b"\x00compiled")
    await store.starts.save_version(T, V, "review", b"the same hash is the same version")
    assert await store.starts.load_version(T, V) == b"\x00compiled"
    with pytest.raises(KapellError) as caught:
        await store.starts.load_version(TenantId("globex"), V)
    assert caught.value.code == "version_unknown"


async def test_results_live_as_long_as_they_should(store: Store) -> None:
    await store.results.put(T, "k", b"\x00old", 60)
    await store.results.put(T, "k", b"\x00new", 60)
    await store.results.put(T, "gone", b"x", -1)
    assert await store.results.get(T, "k") == b"\x00new"
    assert await store.results.get(T, "gone") is None
    assert await store.results.get(TenantId("globex"), "k") is None
