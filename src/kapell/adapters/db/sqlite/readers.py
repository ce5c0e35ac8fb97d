"""Reading connections, each in a thread of its own, that never wait for the writer.

Events come out of SQLite as one JSON text: a row at a time would give Python's lock away a
thousand times.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import msgspec

from kapell.adapters.db import faults, rows
from kapell.adapters.db.reader import Record
from kapell.adapters.db.rows import EventRow
from kapell.adapters.db.sqlite.connections import connect, translated
from kapell.adapters.db.sqlite.writing import batches
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.core.events.envelope import Event

T = TypeVar("T")
_THREADS = 2
_PACKED = msgspec.json.Decoder(
    list[tuple[int, str, str, int, str, str, int, float, str, str, str, str]]
)
# 17 digits bring every instant back as it was; SQLite's own JSON writes only 15.
_EVENTS = """
SELECT '[' || coalesce(group_concat(json_array(position, tenant_id, run_id, seq, id, type, version,
    json(printf('%!.17g', at)), correlation_id, causation_id, actor, payload)), '') || ']'
FROM (SELECT * FROM events WHERE {where})
"""


_NOW = "((julianday('now') - 2440587.5) * 86400.0)"


@cache
def _own(sql: str) -> str:
    sql = sql.replace("$", "?").replace("double precision", "real")
    return sql.replace("kapell_now()", _NOW)


class Readers:
    """Answers reads on the threads' connections, small writes through the writer."""

    def __init__(self, path: str, writer: Writer) -> None:
        self._path = path
        self._writer = writer
        self._pool: ThreadPoolExecutor | None = None
        self._mine = threading.local()
        self._connections: list[sqlite3.Connection] = []

    def open(self) -> None:
        """Make the threads ready; connections open when first used."""
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="kapell-reader")

    async def close(self) -> None:
        """End the reads under way and close the connections."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown)
            self._pool = None
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` finds, in a thread."""
        if self._pool is None:
            raise faults.closed()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with translated():
            connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
            if connection is None:
                connection = connect(self._path, readonly=True)
                connection.row_factory = sqlite3.Row
                self._mine.connection = connection
                self._connections.append(connection)
            return work(connection)

    async def rows(self, sql: str, *values: str | int | float | None) -> Sequence[Record]:
        """Return all rows."""
        found: Sequence[Record] = await self.read(
            lambda connection: connection.execute(_own(sql), values).fetchall()
        )
        return found

    async def events(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, Event]]:
        """Return events with their positions."""
        return [(at, rows.event(row)) for at, row in await self.stored(where, *values)]

    async def stored(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, EventRow]]:
        """Return events as they are stored, with their positions."""
        sql = _own(_EVENTS.format(where=where))

        def work(connection: sqlite3.Connection) -> str:
            packed: str = connection.execute(sql, values).fetchone()[0]
            return packed

        return [(row[0], row[1:]) for row in _PACKED.decode(await self.read(work))]

    async def write(self, sql: str, *values: str | int | float | None) -> None:
        """Execute one small statement durably."""
        await self._writer.do(lambda connection, _: connection.execute(_own(sql), values).rowcount)

    async def insert_all(
        self,
        into: str,
        rows: Sequence[Sequence[str | int | float]],
        guard: tuple[str, Sequence[str | int]] | None = None,
    ) -> bool:
        """Insert rows into a table, which is named with its columns: all or none."""
        template = f"INSERT INTO {into} VALUES {{rows}}"  # noqa: S608 - ours

        def work(connection: sqlite3.Connection, now: float) -> None:
            del now
            if guard is not None and connection.execute(_own(guard[0]), guard[1]).rowcount == 0:
                raise faults.outrun()
            try:
                batches.execute(connection, template, rows)
            except sqlite3.IntegrityError as error:
                raise faults.outrun() from error

        try:
            await self._writer.do(work)
        except faults.Outrun:
            return False
        return True
