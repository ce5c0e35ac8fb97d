"""The audit record's table on each store: added to at the end, all or none, and read back whole."""

import asyncio
from collections.abc import Sequence

import pytest

from kapell.adapters.db import Store
from kapell.core.audit.deriving import Deriving
from kapell.core.audit.record import Act, Entry, Head, chained, head_of
from kapell.kit.ids import RunId, TenantId
from kapell.services.audit.ports import Wanted
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T, new

OTHER = TenantId("globex")


def acts(count: int, head: Head | None = None, tenant: TenantId = T) -> list[Entry]:
    """Return that many entries after a head, with every column in use."""
    made: list[Entry] = []
    for number in range(count):
        before = head_of(made[-1]) if made else head or Head()
        act = Act(
            at=1_700_000_000.123456 + number,
            actor="user:ann" if number < 4 else "worker:w1",
            subject="user:ann" if number < 5 else "user:eve",
            action="key.read" if number % 2 else "tools.call",
            target=f"ÖPENAI_{number}",
            verdict="ok",
            whence="host:mill",
            run_id=f"run{number}",
            path="draft[3]",
            details={"count": number, "sure": 0.1 + 0.2, "name": "x", "yes": True},
        )
        made.append(chained(tenant, before, act))
    return made


async def test_entries_come_back_as_they_were(store: Store) -> None:
    assert await store.audit.head(T) == Head()
    entries = acts(5)
    assert await store.audit.append(entries)
    assert await store.audit.entries(T, Wanted()) == entries
    assert await store.audit.head(T) == head_of(entries[-1])
    assert await store.audit.entries(OTHER, Wanted()) == []


async def test_what_was_taken_meanwhile_is_refused_whole(store: Store) -> None:
    entries = acts(3)
    assert await store.audit.append(entries[:2])
    assert not await store.audit.append([*acts(1, tenant=OTHER), *entries[1:]])
    assert len(await store.audit.entries(T, Wanted())) == 2
    assert await store.audit.head(OTHER) == Head()


async def test_one_of_many_at_once_adds(store: Store) -> None:
    entry = acts(1)
    added = await asyncio.gather(*(store.audit.append(entry) for _ in range(6)))
    assert sorted(added) == [False] * 5 + [True]


async def test_the_reading_of_the_log_moves_with_the_entries(store: Store) -> None:
    assert await store.audit.read() == 0
    assert await store.audit.append([], (0, 7))
    assert not await store.audit.append(acts(1), (0, 9))
    assert await store.audit.append(acts(1), (7, 9))
    assert await store.audit.read() == 9
    assert (await store.audit.head(T)).seq == 1


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(after=3), [4, 5, 6]),
        (Wanted(newest=True, limit=2), [6, 5]),
        (Wanted(run_id="run2"), [3]),
        (Wanted(actor="user:bob"), []),
        (Wanted(actor="user:ann"), [1, 2, 3, 4, 5]),
        (Wanted(actor="user:eve"), [6]),
        (Wanted(actor="worker:w1"), [5, 6]),
        (Wanted(action="key"), [2, 4, 6]),
        (Wanted(action="tools.call"), [1, 3, 5]),
        (Wanted(action="ke"), []),
        (Wanted(verdict="ok", since=1_700_000_004.0), [5, 6]),
    ],
)
async def test_entries_are_chosen(store: Store, wanted: Wanted, numbers: Sequence[int]) -> None:
    await store.audit.append(acts(6))
    assert [one.seq for one in await store.audit.entries(T, wanted)] == list(numbers)


async def test_the_log_is_read_by_digests_that_stay(place: Place) -> None:
    store = await place.store()
    await store.starts.start([new("one"), new("two", tenant=OTHER)])
    rows = await store.audit.log(0, 10)
    assert [(row.run_id, row.number, row.event is not None) for row in rows] == [
        ("one", 1, True),
        ("two", 1, True),
    ]
    assert rows[0].digest != rows[1].digest
    assert await store.audit.log(0, 10, OTHER) == [rows[1]]
    assert await store.audit.log(rows[0].position, 10) == [rows[1]]
    again = await (await place.store()).audit.log(0, 10)
    assert [row.digest for row in again] == [row.digest for row in rows]


async def test_who_started_runs(store: Store) -> None:
    await store.starts.start([new("one"), new("two"), new("three", tenant=OTHER)])
    found = await store.audit.subjects(T, [RunId("one"), RunId("two")])
    assert found == {"one": "worker:ann", "two": "worker:ann"}


async def test_what_is_derived_of_the_log_is_kept_as_it_was_made(store: Store) -> None:
    await store.starts.start([new("one")])
    rows = await store.audit.log(0, 10)
    deriving = Deriving({T: Head()}, {}, str, 5.0)
    deriving.take(rows)
    assert await store.audit.append(deriving.entries, (0, rows[-1].position))
    assert await store.audit.entries(T, Wanted()) == deriving.entries
