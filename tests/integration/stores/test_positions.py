"""A position on Postgres is not seen before the ones in front of it, however slow their commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from kapell.adapters.db.postgres.store import PostgresStore
from kapell.adapters.db.upgrading import upgrade_postgres
from tests.contract.stores.runs import decision, owned

_GATE = 4242
_SLOW_COMMIT = f"""
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock({_GATE}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.run_id = 'r1') EXECUTE FUNCTION held();
"""
_WAITING = """
SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
"""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresStore]:
    """Yield a store with a writer of its own, as another process has."""
    store = PostgresStore(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def stands(other: asyncpg.Connection, waiting: int, *tasks: "asyncio.Task[object]") -> None:
    """Wait until so many stand before a lock, or one of the tasks is through."""
    async with asyncio.timeout(20):
        while await other.fetchval(_WAITING) < waiting:
            if any(one.done() for one in tasks):
                return
            await asyncio.sleep(0.005)


@pytest.mark.requirement("MB-03")
async def test_nothing_is_seen_that_lies_behind_what_is_still_being_committed(
    postgres_dsn: str,
) -> None:
    await upgrade_postgres(postgres_dsn)
    other = await asyncpg.connect(postgres_dsn)
    try:
        async with opened(postgres_dsn) as one, opened(postgres_dsn) as two:
            slow, quick = await owned(one, "r1", "r2")
            await other.execute(_SLOW_COMMIT)
            await other.execute("SELECT pg_advisory_lock($1)", _GATE)
            first = asyncio.create_task(one.log.append(decision(slow)))
            await stands(other, 1, first)
            second = asyncio.create_task(two.log.append(decision(quick)))
            await stands(other, 2, second)
            assert not first.done()
            seen = [position for position, _ in await two.reader.feed(0)]
            assert seen == list(range(1, len(seen) + 1))
            await other.execute("SELECT pg_advisory_unlock($1)", _GATE)
            await asyncio.gather(first, second)
            feed = await two.reader.feed(0)
            assert [position for position, _ in feed] == [1, 2, 3, 4]
            assert [event.run_id for _, event in feed[2:]] == ["r1", "r2"]
    finally:
        await other.close()
