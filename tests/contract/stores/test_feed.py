"""Every subscriber sees every event once, in order, without a gap, while writers write."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.kit.ids import WorkerId
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T, decision, new, owned

WRITERS, RUNS, APPENDS = 8, 4, 12


@pytest.mark.slow
@pytest.mark.requirement("MB-03")
async def test_no_gap_and_no_reordering_is_ever_seen(place: Place) -> None:
    stores = [await place.store() for _ in range(WRITERS)]
    reader = await place.store()
    total = WRITERS * RUNS * (1 + 2 * APPENDS)

    async def write(number: int) -> None:
        worker, store = WorkerId(f"w{number}"), stores[number]
        runs = [f"w{number}r{one}" for one in range(RUNS)]
        await store.starts.start([new(run, workflow=f"flow{number}") for run in runs])
        caps = {f"flow{other}": 0 for other in range(WRITERS) if other != number}
        claims = (await store.log.claim(worker, RUNS, caps, 1)).claims
        while len(claims) < RUNS:
            claims += (await store.log.claim(worker, RUNS - len(claims), caps, 1)).claims
        for turn in range(APPENDS):
            await asyncio.gather(
                *(
                    store.log.append(
                        decision(
                            claim,
                            *(event.payload for event in decision(claim).events * 2),
                            worker=worker,
                            seq=claim.seq + 2 * turn,
                        )
                    )
                    for claim in claims
                )
            )

    async def follow() -> list[tuple[str, int]]:
        position = 0
        seen: list[tuple[str, int]] = []
        while len(seen) < total:
            for number, event in await reader.reader.feed(position, 50):
                assert number == position + 1
                position = number
                seen.append((str(event.run_id), event.seq))
            await asyncio.sleep(0)
        return seen

    writing = [asyncio.create_task(write(number)) for number in range(WRITERS)]
    seen = await follow()
    await asyncio.gather(*writing)
    assert len(set(seen)) == total
    for run in {run for run, _ in seen}:
        assert [seq for one, seq in seen if one == run] == list(range(1, 2 + 2 * APPENDS))


async def test_the_feed_goes_on_where_it_stopped(store: Store) -> None:
    await owned(store, "r1", "r2", "r3")
    first = await store.reader.feed(0, 2)
    rest = await store.reader.feed(first[-1][0])
    assert [event.run_id for _, event in (*first, *rest)] == ["r1", "r2", "r3"]
    assert first[0][1] == (await store.reader.events(T, first[0][1].run_id))[0]
