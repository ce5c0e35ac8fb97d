"""Sums of windows in a Postgres database."""

from collections.abc import Sequence

import asyncpg

from kapell.adapters.db.postgres.pool import Connections
from kapell.core.gateway.quotas import (
    DAY,
    Amount,
    Refused,
    Settlement,
    Wanted,
    begins,
    kept,
    refused,
)
from kapell.kit.ids import TenantId
from kapell.kit.text import checked

# A row is made before it is locked, so that the first two callers of a window take turns.
_MAKE = """
INSERT INTO counts (tenant_id, scope, lasts, begins, calls, tokens, usd)
VALUES ($1, $2, $3, $4, 0, 0, 0) ON CONFLICT (tenant_id, scope, lasts, begins) DO NOTHING
"""
_LOCK = """
SELECT calls, tokens, usd FROM counts
WHERE tenant_id = $1 AND scope = $2 AND lasts = $3 AND begins = $4 FOR UPDATE
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
_FORGET = """
DELETE FROM counts WHERE (tenant_id, scope, lasts, begins) IN (
    SELECT tenant_id, scope, lasts, begins FROM counts
    WHERE begins < $1
    AND begins + CASE lasts WHEN $2 THEN $3::float8 ELSE 2 * lasts END < $1
    LIMIT 100 FOR UPDATE SKIP LOCKED)
"""
_NOW = "SELECT kapell_now()"


class _Full(Exception):
    """A window has no room: the rows that were made are taken back."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


class PostgresCounts:
    """Looks and adds under the locks of the windows' rows, taken in the order of their scopes."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    async def take(
        self, tenant_id: TenantId, wants: Sequence[Wanted], amount: Amount
    ) -> Refused | float:
        """Add an amount to every wanted window, or to none of them."""
        checked(*(one.scope for one in wants))

        async def work(connection: asyncpg.Connection) -> Refused | float:
            now = float(await connection.fetchval(_NOW))
            try:
                async with connection.transaction():
                    ordered = _ordered(wants)
                    found = [
                        (one, await _locked(connection, tenant_id, one, now)) for one in ordered
                    ]
                    if (full := refused(found, amount, now)) is not None:
                        raise _Full(full)
                    for one in ordered:
                        added = (amount.calls, amount.tokens, amount.usd)
                        await connection.execute(_ADD, *_place(tenant_id, one, now), *added)
                    await connection.execute(_FORGET, now, DAY, kept(DAY))
            except _Full as full:
                return full.refused
            return now

        return await self._pool.use(work)

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


def _ordered(wants: Sequence[Wanted]) -> list[Wanted]:
    return sorted(wants, key=lambda one: (one.scope, one.quota.every))


def _place(tenant_id: str, one: Wanted, now: float) -> tuple[str, str, float, float]:
    return tenant_id, one.scope, one.quota.every, begins(now, one.quota.every)


async def _locked(
    connection: asyncpg.Connection, tenant_id: str, one: Wanted, now: float
) -> Amount:
    """Return what is used of a window, whose row is there and locked now."""
    place = _place(tenant_id, one, now)
    await connection.execute(_MAKE, *place)
    return Amount(*await connection.fetchrow(_LOCK, *place))
