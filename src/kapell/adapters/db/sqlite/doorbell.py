"""The doorbell of one file: an event within the process, a look at the file for the others."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence

from kapell.adapters.db.ringing import Listeners
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId

_LOOK_SECONDS = 0.05


class SqliteDoorbell:
    """Looks at ``PRAGMA data_version`` only while somebody listens.

    It asks on the writer's connection: there, the number changes by other processes' commits only.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._listeners = Listeners()
        self._looking: asyncio.Task[None] | None = None

    async def ring(self, run_ids: Sequence[RunId]) -> None:
        """Tell the listeners of this process; others see that the file changed."""
        self._listeners.tell(frozenset(run_ids))

    async def listen(self) -> AsyncIterator[frozenset[RunId]]:
        """Yield what was rung for."""
        with self._listeners.one() as bell:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            while True:
                yield await bell.rung()

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            self._looking = None

    async def _look(self) -> None:
        seen: int | None = None
        while self._listeners:
            try:
                version = await self._writer.peek(_version)
            except KapellError:
                seen = None
            else:
                if seen is not None and version != seen:
                    self._listeners.tell(frozenset())
                seen = version
            await asyncio.sleep(_LOOK_SECONDS)


def _version(connection: sqlite3.Connection, _: float) -> int:
    number: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return number
