"""Several processes share the runs of one database, and a bell rings from one to the other."""

import asyncio
import sys

import pytest

from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, WorkerId
from tests.contract.stores.claiming import work
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T, claimed, message, new

RUNS, PROCESSES = 90, 2


@pytest.mark.requirement("DX-02", "DX-03")
async def test_processes_share_runs_without_overlap(place: Place) -> None:
    if place.kind == "memory":
        pytest.skip("what is in memory is in one process")
    store = await place.store()
    runs = sorted(f"r{number:03d}" for number in range(RUNS))
    await store.starts.start([new(run) for run in runs])
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.contract.stores.claiming", place.url, f"child{number}",
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    shares = [await work(place.url, WorkerId("parent"))]
    for child in children:
        printed, _ = await child.communicate()
        assert child.returncode == 0
        shares.append(printed.decode().split())
    # Rows that were locked while others looked are still due.
    shares.append(await work(place.url, WorkerId("last")))
    assert sorted(run for share in shares for run in share) == runs
    ended = await store.reader.runs(T, status=RunStatus.SUCCEEDED, limit=RUNS + 1)
    assert [run.seq for run in ended] == [2] * RUNS
    assert [number for number, _ in await store.reader.feed(0)] == list(range(1, 2 * RUNS + 1))


async def test_a_start_and_a_message_ring(place: Place) -> None:
    store, other = await place.store(), await place.store()
    for listening in (store, other):
        rings = aiter(listening.doorbell.listen())
        heard = asyncio.ensure_future(anext(rings))
        # The first look at a file or the first LISTEN takes a moment; until it is there, ring on.
        number = 0
        while not heard.done():
            number += 1
            await store.starts.start([new(f"{id(listening)}r{number}")])
            await asyncio.wait([heard], timeout=0.2)
        heard = asyncio.ensure_future(anext(rings))
        await store.starts.send(message(f"{id(listening)}r1", "k"))
        rung = await asyncio.wait_for(heard, 10)
        assert isinstance(rung, frozenset)


async def test_what_nobody_heard_is_found_by_looking(place: Place) -> None:
    store, other = await place.store(), await place.store()
    await store.starts.start([new("r1")])
    assert await claimed(other) == ["r1"]
    await store.starts.send(message("r1", "k"))
    assert [one.run_id for one in await other.log.inbox(WorkerId("ann"), [])] == [RunId("r1")]
