"""Postgres goes away, is slow, is held by others: no run is lost and no decision stored twice."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from kapell.adapters.db import open_store
from kapell.adapters.db.postgres.store import PostgresStore
from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.kit.errors import Conflict, Unavailable
from kapell.services.runs.ports import Appended
from tests.contract.stores.runs import ANN, ENDED, T, claimed, decision, message, new, owned
from tests.integration.line import Line


@pytest.fixture
async def url(postgres_dsn: str) -> str:
    """Return the address of an empty store."""
    await upgrade_postgres(postgres_dsn)
    return postgres_dsn


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    """Yield an open store."""
    store = PostgresStore(url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of somebody else."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def line(url: str) -> AsyncIterator[Line]:
    """Yield a line to the database."""
    async with Line(url) as line:
        yield line


@pytest.mark.requirement("DX-02", "DX-07")
async def test_a_commit_whose_answer_was_lost_is_found_in_the_log(line: Line) -> None:
    store = PostgresStore(line.url)
    await store.open()
    try:
        claims = await owned(store, "r1", "r2")
        await store.log.append(decision(claims[0]))
        line.answers, line.times = b"run.started", 1
        appended = await asyncio.gather(
            store.log.append(decision(claims[0], seq=2)),
            store.log.append(decision(claims[1], row=ENDED)),
        )
        assert line.lost == 1
        assert tuple(appended) == (Appended(3, False), Appended(2, True))
        assert len(await store.reader.feed(0)) == 5
    finally:
        await store.close()


@pytest.mark.requirement("DX-02")
async def test_a_start_whose_answer_was_lost_is_not_repeated(line: Line) -> None:
    store = PostgresStore(line.url)
    await store.open()
    try:
        await store.starts.start([new("r0")])
        line.answers, line.times = b"run.queued", 1
        (started,) = await store.starts.start([new("r1", key="k", fingerprint="f")])
        assert line.lost == 1
        assert started.run_id == "r1"
        assert [run.run_id for run in await store.reader.runs(T)] == ["r1", "r0"]
    finally:
        await store.close()


@pytest.mark.requirement("DX-07")
async def test_killed_connections_come_back(
    store: PostgresStore, other: asyncpg.Connection
) -> None:
    claims = await owned(store, *(f"r{number}" for number in range(10)))
    for seq in (1, 2):
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kapell' AND datname = current_database()"
        )
        appends = [store.log.append(decision(claim, seq=seq)) for claim in claims]
        assert {one.seq for one in await asyncio.gather(*appends)} == {seq + 1}
        assert len(await store.reader.runs(T)) == 10
    assert await store.starts.send(message("r1", "k"))


@pytest.mark.requirement("DX-15")
async def test_a_locked_row_does_not_hold_the_others(
    store: PostgresStore, other: asyncpg.Connection
) -> None:
    claims = await owned(store, *(f"r{number}" for number in range(20)))
    async with other.transaction():
        await other.execute("SELECT 1 FROM runs WHERE run_id = 'r7' FOR UPDATE")
        held = asyncio.create_task(store.log.append(decision(claims[7])))
        free = [store.log.append(decision(one)) for one in claims if one.run_id != "r7"]
        assert {one.seq for one in await asyncio.gather(*free)} == {2}
        assert not held.done()
    assert (await held).seq == 2


async def test_a_locked_target_of_a_message_waits_too(
    store: PostgresStore, other: asyncpg.Connection
) -> None:
    one, two = await owned(store, "r1", "r2")
    async with other.transaction():
        await other.execute("SELECT 1 FROM runs WHERE run_id = 'r2' FOR UPDATE")
        held = asyncio.create_task(store.log.append(decision(one, messages=[message("r2", "k")])))
        await store.starts.start([new("r3")])
        assert not held.done()
    assert (await held).seq == 2
    assert len(await store.log.inbox(ANN, [two.run_id])) == 1


async def test_two_that_write_to_each_other_do_not_block(store: PostgresStore, url: str) -> None:
    second = PostgresStore(url)
    await second.open()
    try:
        one, two = await owned(store, "r1", "r2")
        for turn in range(20):
            await asyncio.gather(
                store.log.append(decision(one, seq=1 + turn, messages=[message("r2", f"k{turn}")])),
                second.log.append(
                    decision(two, seq=1 + turn, messages=[message("r1", f"k{turn}")])
                ),
            )
        assert len(await store.log.inbox(ANN, [])) == 40
    finally:
        await second.close()


async def test_a_claim_passes_over_locked_rows(
    store: PostgresStore, other: asyncpg.Connection
) -> None:
    await store.starts.start([new("r1"), new("r2")])
    async with other.transaction():
        await other.execute("SELECT 1 FROM runs WHERE run_id = 'r1' FOR UPDATE")
        assert await claimed(store) == ["r2"]
    assert await claimed(store) == ["r1"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:secret@127.0.0.1:9/kapell",
        "postgresql://postgres@/nothing_here?host=/nonexistent",
    ],
)
async def test_a_server_that_does_not_answer(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await open_store(url).open()
    assert (caught.value.code, bool(caught.value.advice)) == ("store_unreachable", True)
    assert "secret" not in str(caught.value)


async def test_a_database_or_user_that_is_not_there(url: str) -> None:
    parts = urlsplit(url)
    for wrong in (parts._replace(path="/nothing"), parts._replace(netloc="nobody@")):
        with pytest.raises(Unavailable) as caught:
            await open_store(wrong.geturl()).open()
        assert caught.value.code == "store_unreachable"


async def test_a_server_that_may_only_be_read(
    store: PostgresStore, other: asyncpg.Connection
) -> None:
    (claim,) = await owned(store, "r1")
    writing = store._writer._connection
    assert writing is not None
    await writing.execute("SET default_transaction_read_only = on")
    with pytest.raises(Exception, match="store_read_only"):
        await store.log.append(decision(claim))
    await writing.execute("SET default_transaction_read_only = off")
    assert (await store.log.append(decision(claim))).seq == 2


async def test_a_database_without_our_tables(postgres_dsn: str) -> None:
    with pytest.raises(Conflict) as caught:
        await open_store(postgres_dsn).open()
    assert (caught.value.code, "db upgrade" in caught.value.advice) == ("database_outdated", True)


async def test_a_schema_of_a_newer_release(url: str, other: asyncpg.Connection) -> None:
    await other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict) as caught:
        await open_store(url).open()
    assert caught.value.code == "database_newer"
    with pytest.raises(Conflict) as caught:
        await upgrade_postgres(url)
    assert caught.value.code == "database_newer"


async def test_notices_reach_other_stores_and_survive_a_broken_line(
    store: PostgresStore, url: str, other: asyncpg.Connection
) -> None:
    second = PostgresStore(url)
    await second.open()
    rings = aiter(second.doorbell.listen())
    try:
        # Whoever begins to listen is told once that it does not know what it missed.
        assert await asyncio.wait_for(anext(rings), 10) == frozenset()
        await store.starts.start([new("r1")])
        assert await asyncio.wait_for(anext(rings), 10) == {"r1"}
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE '%LISTEN%' AND pid <> pg_backend_pid()"
        )
        assert await asyncio.wait_for(anext(rings), 10) == frozenset()
        await store.starts.start([new("r2")])
        assert await asyncio.wait_for(anext(rings), 10) == {"r2"}
    finally:
        await second.close()
