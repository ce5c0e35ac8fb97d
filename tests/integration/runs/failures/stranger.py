"""Somebody else at the same database, who holds what our writers need."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

_HOLD = "LOCK TABLE events IN SHARE MODE"
"""Nobody may insert events; whoever reads is let through."""


class Stranger:
    """A connection of another program; ``async with Stranger(url) as somebody:``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file: sqlite3.Connection | None = None
        self._server: asyncpg.Connection | None = None

    async def __aenter__(self) -> "Stranger":
        if self._url.startswith("sqlite:"):
            path = self._url.removeprefix("sqlite:///")
            self._file = sqlite3.connect(path, isolation_level=None)
        else:
            self._server = await asyncpg.connect(self._url)
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._server is not None:
            await self._server.close()

    async def execute(self, sql: str) -> None:
        """Execute a statement."""
        if self._file is not None:
            await asyncio.sleep(0)
            self._file.execute(sql)
        if self._server is not None:
            await self._server.execute(sql)

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Let nobody append while the block lasts."""
        await self.execute("BEGIN IMMEDIATE" if self._file is not None else "BEGIN")
        if self._server is not None:
            await self.execute(_HOLD)
        try:
            yield
        finally:
            await self.execute("ROLLBACK")
