"""Sums of windows in one SQLite file."""

import sqlite3
from collections.abc import Sequence

from kapell.adapters.db.sqlite.readers import Readers
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.core.gateway.quotas import (
    DAY,
    Amount,
    Refused,
    Settlement,
    Taken,
    Wanted,
    begins,
    kept,
    plus,
    refused,
)
from kapell.kit.ids import TenantId
from kapell.kit.text import checked

_ONE = """
SELECT calls, tokens, usd FROM counts
WHERE tenant_id = ? AND scope = ? AND lasts = ? AND begins = ?
"""
_ADD = """
INSERT INTO counts (tenant_id, scope, lasts, begins, calls, tokens, usd)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant_id, scope, lasts, begins) DO UPDATE SET calls = calls + excluded.calls,
    tokens = tokens + excluded.tokens, usd = usd + excluded.usd
"""
_DAYS = """
SELECT begins, calls, tokens, usd FROM counts
WHERE tenant_id = ? AND scope = ? AND lasts = ? AND begins >= ? AND begins < ?
"""
_FORGET = """
DELETE FROM counts
WHERE begins + CASE lasts WHEN ? THEN ? ELSE 2 * lasts END < ?
"""
_FORGETS = 3600.0
"""Seconds between two looks for windows to forget: each look reads them all."""


class SqliteCounts:
    """Looks and adds in one transaction of the writer.

    What a power cut may undo is what calls under way took: the logs of their runs are durable.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._forgot = 0.0

    async def take(
        self,
        tenant_id: TenantId,
        wants: Sequence[Wanted],
        amount: Amount,
        *,
        lasting: bool = False,
    ) -> Refused | Taken:
        """Add an amount to every wanted window, or to none of them."""
        checked(*(one.scope for one in wants))

        def work(connection: sqlite3.Connection, now: float) -> Refused | Taken:
            found = [(one, _used(connection, tenant_id, one.scope, one.quota.every, now))
                     for one in wants]  # fmt: skip
            if (full := refused(found, amount, now)) is not None:
                return full
            if not 0 <= now - self._forgot < _FORGETS:
                connection.execute(_FORGET, (DAY, kept(DAY), now))
                self._forgot = now
            _add(connection, tenant_id, wants, now, amount)
            return Taken(now, [plus(used, amount) for _, used in found])

        return await self._writer.do(work, passing=not lasting)

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken."""

        def work(connection: sqlite3.Connection, _: float) -> None:
            for one in settlements:
                _add(connection, tenant_id, one.wants, one.at, one.more)

        if settlements:
            await self._writer.do(work, passing=True)

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now."""
        now = self._writer.now()
        return await self._readers.read(
            lambda connection: _used(connection, tenant_id, scope, every, now)
        )

    async def days(self, tenant_id: TenantId, scope: str, back: int) -> Sequence[Amount]:
        """Return what was used of the windows of a day before today's, the latest first."""
        today = begins(self._writer.now(), DAY)

        def work(connection: sqlite3.Connection) -> Sequence[Amount]:
            place = (tenant_id, scope, DAY, today - back * DAY, today)
            found = {began: Amount(*sums) for began, *sums in connection.execute(_DAYS, place)}
            return [found.get(today - at * DAY, Amount()) for at in range(1, back + 1)]

        return await self._readers.read(work)


def _used(
    connection: sqlite3.Connection, tenant_id: str, scope: str, every: float, now: float
) -> Amount:
    place = (tenant_id, scope, every, begins(now, every))
    row = connection.execute(_ONE, place).fetchone()
    return Amount(*row) if row else Amount()


def _add(
    connection: sqlite3.Connection,
    tenant_id: str,
    wants: Sequence[Wanted],
    at: float,
    more: Amount,
) -> None:
    for one in wants:
        every = one.quota.every
        connection.execute(
            _ADD,
            (tenant_id, one.scope, every, begins(at, every), more.calls, more.tokens, more.usd),
        )
