"""The doorbell of a Postgres: LISTEN and NOTIFY, reconnected when the line dies."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import asyncpg

from kapell.adapters.db.postgres.connections import BROKEN, connect
from kapell.adapters.db.postgres.pool import Connections
from kapell.adapters.db.ringing import Listeners
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId

CHANNEL = "kapell"
_LONGEST_NOTICE = 7000
_CHECK_SECONDS = 5.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class PostgresDoorbell:
    """Rings are collected and sent one notice at a time: sending one takes a lock of all.

    This process hears its own rings at once, the others by notice.
    """

    def __init__(self, url: str, pool: Connections) -> None:
        self._url = url
        self._pool = pool
        self._listeners = Listeners()
        self._hearing: asyncio.Task[None] | None = None
        self._ringing: asyncio.Task[None] | None = None
        self._rung: set[RunId] = set()
        self._unknown = False

    async def ring(self, run_ids: Sequence[RunId]) -> None:
        """Tell every listening worker that something changed."""
        self._listeners.tell(frozenset(run_ids))
        self._rung.update(run_ids)
        self._unknown = self._unknown or not run_ids
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._send())

    async def listen(self) -> AsyncIterator[frozenset[RunId]]:
        """Yield what was rung for."""
        with self._listeners.one() as bell:
            if self._hearing is None or self._hearing.done():
                self._hearing = asyncio.create_task(self._hear())
            while True:
                yield await bell.rung()

    async def close(self) -> None:
        """Send what was rung last, stop listening."""
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)
            self._ringing = None
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
            self._hearing = None

    async def _send(self) -> None:
        while self._rung or self._unknown:
            notice = "" if self._unknown else " ".join(self._rung)
            self._rung, self._unknown = set(), False
            # A notice is only a hint: when it cannot be sent, the sweep finds what is due.
            with suppress(KapellError):
                text = notice if len(notice) < _LONGEST_NOTICE else ""
                await self._pool.fetch("SELECT pg_notify($1, $2)", CHANNEL, text)

    async def _hear(self) -> None:
        pause = _FIRST_PAUSE
        while self._listeners:
            try:
                connection = await connect(self._url)
            except KapellError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            try:
                await connection.add_listener(CHANNEL, self._heard)
                # Whatever was rung while nobody heard is not known.
                self._listeners.tell(frozenset())
                await self._stay(connection)
            except (asyncpg.PostgresError, *BROKEN):
                await asyncio.sleep(pause)
            finally:
                connection.terminate()

    async def _stay(self, connection: asyncpg.Connection) -> None:
        """Return when nobody listens any more; a dead line raises."""
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        while self._listeners and not ended.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(ended.wait(), _CHECK_SECONDS)
            await connection.fetchval("SELECT 1", timeout=_CHECK_SECONDS)

    def _heard(self, _connection: object, _pid: int, _channel: str, notice: str) -> None:
        self._listeners.tell(frozenset(RunId(run) for run in notice.split()))
