"""Sums of windows in a Postgres database."""

import math
import time
from collections.abc import Sequence

import asyncpg

from kapell.adapters.db.postgres.pool import Connections
from kapell.core.gateway.quotas import (
    DAY,
    Amount,
    Refused,
    Settlement,
    Taken,
    Wanted,
    begins,
    kept,
    less,
    refused,
)
from kapell.kit.ids import TenantId
from kapell.kit.text import checked

_TAKE = """
SELECT now, room, calls, tokens, usd
FROM kapell_take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_ONE = """
SELECT calls, tokens, usd FROM counts
WHERE tenant_id = $1 AND scope = $2 AND lasts = $3 AND begins = $4
"""
_ADD = """
INSERT INTO counts AS c (tenant_id, scope, lasts, begins, calls, tokens, usd)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, scope, lasts, begins) DO UPDATE SET calls = c.calls + excluded.calls,
    tokens = c.tokens + excluded.tokens, usd = c.usd + excluded.usd
"""
_DAYS = """
SELECT begins, calls, tokens, usd FROM counts
WHERE tenant_id = $1 AND scope = $2 AND lasts = $3 AND begins >= $4 AND begins < $5
"""
_NOW = "SELECT kapell_now()"


_FORGETS = 3600.0
"""Seconds between two looks for windows to forget: each look reads them all."""


class PostgresCounts:
    """Looks and adds in one call of the server, with windows locked in the order of their scopes.

    Args:
        pool: Where connections come from.
    """

    def __init__(self, pool: Connections) -> None:
        self._pool = pool
        self._forgot = -math.inf

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
        order = sorted(range(len(wants)), key=lambda n: (wants[n].scope, wants[n].quota.every))
        quotas = [wants[n].quota for n in order]
        forget = not 0 <= time.monotonic() - self._forgot < _FORGETS
        row = await self._pool.one(
            _TAKE,
            tenant_id,
            [wants[n].scope for n in order],
            [one.every for one in quotas],
            [one.calls for one in quotas],
            [one.tokens for one in quotas],
            [one.usd for one in quotas],
            [amount.calls, amount.tokens, amount.usd],
            forget,
            DAY,
            kept(DAY),
            lasting,
        )
        found = [Amount()] * len(wants)
        sums = zip(row["calls"] or (), row["tokens"] or (), row["usd"] or (), strict=True)
        for n, each in zip(order, sums, strict=True):
            found[n] = Amount(*each)
        if row["room"]:
            self._forgot = time.monotonic() if forget else self._forgot
            return Taken(row["now"], found)
        before = [(one, less(used, amount)) for one, used in zip(wants, found, strict=True)]
        full = refused(before, amount, row["now"])
        if full is None:
            raise RuntimeError("the server found no room where there is some")
        return full

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken."""
        # Rows are locked in one order by everyone.
        rows = sorted(
            (tenant_id, one.scope, one.quota.every, begins(each.at, one.quota.every),
             each.more.calls, each.more.tokens, each.more.usd)
            for each in settlements
            for one in each.wants
        )  # fmt: skip

        async def work(connection: asyncpg.Connection) -> None:
            await connection.executemany(_ADD, rows)

        if rows:
            await self._pool.use(work)

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now."""

        async def work(connection: asyncpg.Connection) -> Amount:
            began = begins(float(await connection.fetchval(_NOW)), every)
            row = await connection.fetchrow(_ONE, tenant_id, scope, every, began)
            return Amount(*row) if row else Amount()

        return await self._pool.use(work)

    async def days(self, tenant_id: TenantId, scope: str, back: int) -> Sequence[Amount]:
        """Return what was used of the windows of a day before today's, the latest first."""

        async def work(connection: asyncpg.Connection) -> Sequence[Amount]:
            today = begins(float(await connection.fetchval(_NOW)), DAY)
            place = (tenant_id, scope, DAY, today - back * DAY, today)
            found = {began: Amount(*sums) for began, *sums in await connection.fetch(_DAYS, *place)}
            return [found.get(today - at * DAY, Amount()) for at in range(1, back + 1)]

        return await self._pool.use(work)
