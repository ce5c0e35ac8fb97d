"""A decision is stored whole or not at all, by the owner only, and fails alone."""

import asyncio

import msgspec
import pytest

from kapell.adapters.db import Store
from kapell.core.events.run import RunFailed, RunStarted, RunSucceeded
from kapell.core.events.value import Inline
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Bug, Failure, Invalid, KapellError
from kapell.kit.ids import EventId, RunId, WorkerId
from kapell.kit.json import Digest, Json
from kapell.services.runs.ports import Append, Appended, RunLost, Snapshot
from tests.contract.stores.runs import (
    ANN,
    BOB,
    ENDED,
    RUNNING,
    T,
    claimed,
    decision,
    message,
    new,
    owned,
)


@pytest.mark.requirement("DX-07", "DX-11", "MB-03")
async def test_what_is_appended_comes_back_as_it_was(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    output: Json = {"text": 'a "quote", ünïcode 🎈\n', "n": 1.0000000000000002, "big": 2**62}
    append = decision(claim, RunStarted(), RunSucceeded(Inline(output)))
    assert await store.log.append(append) == Appended(3, False)
    history = await store.log.load(T, claim.run_id, "f1")
    assert history.snapshot is None
    assert history.events[1:] == append.events
    assert history.events == await store.reader.events(T, claim.run_id)
    assert [one.seq for one in await store.reader.events(T, claim.run_id, 1, 1)] == [2]


async def test_the_row_follows_the_log(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    row = msgspec.structs.replace(
        RUNNING, generation=3, wake_at=9e9, usd=12, tokens=34, error_code="oops"
    )
    await store.log.append(decision(claim, row=row))
    run = await store.reader.run(T, "r1")
    assert (run.status, run.seq, run.generation, run.wake_at) == (RunStatus.RUNNING, 2, 3, 9e9)
    assert (run.usd, run.tokens, run.error_code, run.owner) == (12, 34, "oops", ANN)


@pytest.mark.parametrize("wrong", ["epoch", "owner", "seq", "run"])
@pytest.mark.requirement("DX-02")
async def test_a_late_append_is_refused(store: Store, wrong: str) -> None:
    (claim,) = await owned(store, "r1")
    late: Append = {
        "epoch": decision(msgspec.structs.replace(claim, epoch=claim.epoch + 1)),
        "owner": decision(claim, worker=BOB),
        "seq": decision(claim, seq=0),
        "run": decision(msgspec.structs.replace(claim, run_id=RunId("r2"))),
    }[wrong]
    with pytest.raises(RunLost):
        await store.log.append(late)
    assert len(await store.reader.events(T, claim.run_id)) == 1
    assert (await store.log.append(decision(claim))).seq == 2


async def test_the_fenced_leave_a_batch_the_others_stay(store: Store) -> None:
    claims = await owned(store, *(f"r{number}" for number in range(20)))
    appends = [
        decision(claim, worker=BOB if number % 5 == 0 else ANN)
        for number, claim in enumerate(claims)
    ]
    results = await asyncio.gather(*map(store.log.append, appends), return_exceptions=True)
    for number, result in enumerate(results):
        assert isinstance(result, RunLost if number % 5 == 0 else Appended)
    assert len(await store.reader.feed(0)) == 20 + 16


async def test_a_bad_append_fails_alone(store: Store) -> None:
    claims = await owned(store, *(f"r{number}" for number in range(16)))
    bad = msgspec.structs.replace(RUNNING, usd=2**70)
    appends = [
        decision(claim, row=bad if number in {3, 11} else RUNNING)
        for number, claim in enumerate(claims)
    ]
    results = await asyncio.gather(*map(store.log.append, appends), return_exceptions=True)
    failed = [number for number, one in enumerate(results) if not isinstance(one, Appended)]
    assert failed == [3, 11]
    error = results[3]
    assert isinstance(error, KapellError)
    assert (error.code, bool(error.advice)) == ("append_refused", True)
    # The run itself is unhurt: its owner may decide again.
    assert (await store.log.append(decision(claims[3]))).seq == 2


@pytest.mark.parametrize("text", ["nul\x00", "half \ud800"])
async def test_texts_no_store_can_keep_are_refused_at_the_edge(store: Store, text: str) -> None:
    (claim,) = await owned(store, "r1")
    failure = RunFailed(Failure(code="c", message=text))
    with pytest.raises(Invalid):
        await store.log.append(decision(claim, failure))
    with pytest.raises(Invalid):
        await store.starts.start([new("r2", key=text)])
    with pytest.raises(Invalid):
        await store.starts.send(message("r1", text))
    bad = msgspec.structs.replace(decision(claim).events[0], id=EventId(text))
    with pytest.raises(Invalid):
        await store.log.append(msgspec.structs.replace(decision(claim), events=(bad,)))
    assert (await store.log.append(decision(claim))).seq == 2


async def test_events_must_continue_the_log(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    append = decision(claim)
    gap = msgspec.structs.replace(append.events[0], seq=3)
    with pytest.raises(Bug) as caught:
        await store.log.append(msgspec.structs.replace(append, events=(gap,)))
    assert caught.value.code == "events_not_dense"


async def test_artifacts_come_with_the_decision(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    one, two = Digest("d1"), Digest("d2")
    await store.log.append(decision(claim, artifacts={one: b"\x00\xff", two: b""}))
    await store.artifacts.put(T, {one: b"never written twice"})
    assert await store.artifacts.get(T, [one, two]) == {one: b"\x00\xff", two: b""}
    with pytest.raises(KapellError) as caught:
        await store.artifacts.get(T, [one, Digest("d3")])
    assert caught.value.code == "artifact_unknown"


async def test_a_lost_append_leaves_no_artifact(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    with pytest.raises(RunLost):
        await store.log.append(decision(claim, worker=BOB, artifacts={Digest("d1"): b"x"}))
    with pytest.raises(KapellError):
        await store.artifacts.get(T, [Digest("d1")])


async def test_release_with_the_append(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    row = msgspec.structs.replace(RUNNING, wake_at=1.0)
    assert await store.log.append(decision(claim, row=row, release=True)) == Appended(2, True)
    with pytest.raises(RunLost):
        await store.log.append(decision(claim, seq=2))
    assert await claimed(store, worker=BOB) == ["r1"]


async def test_an_ended_run_is_free_and_sleeps(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    assert await store.log.append(decision(claim, row=ENDED)) == Appended(2, True)
    run = await store.reader.run(T, "r1")
    assert (run.owner, run.wake_at, run.ended_at) == (None, None, 1.5)
    assert await claimed(store) == []


async def test_a_decision_without_events_consumes_messages(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.starts.send(message("r1", "k1"))
    (found,) = await store.log.inbox(ANN, [])
    empty = msgspec.structs.replace(
        decision(claim, consumed=[found.number], release=True), events=()
    )
    assert await store.log.append(empty) == Appended(1, True)


async def test_children_and_messages_are_part_of_the_decision(store: Store) -> None:
    parent, other = await owned(store, "r1", "r2")
    child = new("c1", key="r1/child", fingerprint="f")
    append = decision(parent, starts=[child], messages=[message("r2", "from r1")])
    await store.log.append(append)
    assert (await store.reader.run(T, "c1")).seq == 1
    assert [one.key for one in await store.log.inbox(ANN, [other.run_id])] == ["from r1"]
    # The same child again is the same child.
    again = decision(parent, seq=2, starts=[child])
    assert (await store.log.append(again)).seq == 3
    assert await claimed(store) == ["c1"]


@pytest.mark.parametrize("spoiled", ["child", "message"])
async def test_a_refused_child_or_message_refuses_the_decision(store: Store, spoiled: str) -> None:
    (claim,) = await owned(store, "r1")
    await store.starts.start([new("c0", key="used", fingerprint="f")])
    child = new("c1", key="used", fingerprint="other")
    append = (
        decision(claim, starts=[child])
        if spoiled == "child"
        else decision(claim, messages=[message("nobody", "k")])
    )
    with pytest.raises(KapellError) as caught:
        await store.log.append(append)
    assert caught.value.code == ("key_reused" if spoiled == "child" else "run_unknown")
    assert (await store.reader.run(T, "r1")).seq == 1


async def test_snapshots_shorten_the_load(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    await store.log.append(decision(claim, RunStarted(), RunStarted()))
    newer, older = Snapshot(2, "f1", b"\x00two"), Snapshot(1, "f1", b"one")
    await store.log.save_snapshot(T, claim.run_id, newer)
    await store.log.save_snapshot(T, claim.run_id, older)
    history = await store.log.load(T, claim.run_id, "f1")
    assert history.snapshot == newer
    assert [one.seq for one in history.events] == [3]
    assert len((await store.log.load(T, claim.run_id, "f2")).events) == 3


async def test_appends_of_one_run_keep_their_order(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    appends = [decision(claim, seq=seq) for seq in range(1, 9)]
    results = await asyncio.gather(*map(store.log.append, appends), return_exceptions=True)
    assert [one.seq for one in results if isinstance(one, Appended)] == list(range(2, 10))


async def test_a_stranger_owns_nothing(store: Store) -> None:
    await owned(store, "r1")
    assert await store.log.inbox(WorkerId("nobody"), []) == ()
