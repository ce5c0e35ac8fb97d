"""Reads and small writes on a pool of connections, tried again when a connection was dead."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import asyncpg

from kapell.adapters.db import faults, rows
from kapell.adapters.db.postgres.connections import (
    BROKEN,
    PASSING,
    make_pool,
    translated,
)
from kapell.adapters.db.reader import Record
from kapell.adapters.db.rows import EventRow
from kapell.core.events.envelope import Event

T = TypeVar("T")
_SIZE = 4
_TRIES = 5


@cache
def _events(where: str) -> str:
    return f"SELECT position, {rows.EVENT_COLUMNS} FROM events WHERE {where}"  # noqa: S608 - ours


class Connections:
    """A pool that is open between ``open`` and ``close``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect."""
        self._pool = await make_pool(self._url, _SIZE)

    async def close(self) -> None:
        """Disconnect."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    async def use(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Return what ``work`` yields on a connection; it must be harmless to repeat."""
        pool = self._pool
        if pool is None:
            raise faults.closed()
        for _ in range(_TRIES - 1):
            try:
                async with pool.acquire() as connection:
                    return await work(connection)
            except asyncpg.LockNotAvailableError:
                break
            except (*PASSING, *BROKEN):
                continue
        with translated():
            async with pool.acquire() as connection:
                return await work(connection)

    async def fetch(self, sql: str, *values: object) -> list[Any]:
        """Return all rows as the driver gives them."""
        found: list[Any] = await self.use(lambda connection: connection.fetch(sql, *values))
        return found

    async def one(self, sql: str, *values: object) -> Any:
        """Return one row, or None."""
        return await self.use(lambda connection: connection.fetchrow(sql, *values))

    async def rows(self, sql: str, *values: str | int | float | None) -> Sequence[Record]:
        """Return all rows."""
        return await self.fetch(sql, *values)

    async def events(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, Event]]:
        """Return events with their positions."""
        return [(at, rows.event(row)) for at, row in await self.stored(where, *values)]

    async def stored(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, EventRow]]:
        """Return events as they are stored, with their positions."""
        found = await self.fetch(_events(where), *values)
        return [(row[0], tuple(row)[1:]) for row in found]

    async def write(self, sql: str, *values: str | int | float | None) -> None:
        """Execute one small statement durably."""
        await self.use(lambda connection: connection.execute(sql, *values))

    async def insert_all(
        self,
        into: str,
        rows: Sequence[Sequence[str | int | float]],
        guard: tuple[str, Sequence[str | int]] | None = None,
    ) -> bool:
        """Insert rows into a table, which is named with its columns: all or none."""
        width = len(rows[0]) if rows else 0
        places = ", ".join(f"${number}" for number in range(1, width + 1))

        async def work(connection: asyncpg.Connection) -> bool:
            try:
                async with connection.transaction():
                    if guard is not None:
                        done = await connection.execute(guard[0], *guard[1])
                        if done.endswith(" 0"):
                            raise faults.outrun()
                    if rows:
                        await connection.executemany(f"INSERT INTO {into} VALUES ({places})", rows)  # noqa: S608 - ours
            except (faults.Outrun, asyncpg.UniqueViolationError):
                return False
            return True

        return await self.use(work)
