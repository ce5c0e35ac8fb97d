"""The health of deployments in a Postgres database."""

from collections.abc import Mapping, Sequence

import asyncpg

from kapell.adapters.db import healths
from kapell.adapters.db.postgres.pool import Connections
from kapell.core.gateway.routing.health import Health, Report, probed
from kapell.core.gateway.routing.minutes import Minute, counted
from kapell.kit.ids import TenantId
from kapell.kit.text import checked

# A row is made before it is locked, so that the first two reporters of a deployment take turns.
_MAKE = """
INSERT INTO deployments (tenant_id, name, state, updated_at) VALUES ($1, $2, '', $3)
ON CONFLICT (tenant_id, name) DO NOTHING
"""
_LOCK = "SELECT state FROM deployments WHERE tenant_id = $1 AND name = $2 FOR UPDATE"
_ALL = "SELECT name, state FROM deployments WHERE tenant_id = $1"
_SAVE = """
UPDATE deployments SET state = $3, updated_at = $4 WHERE tenant_id = $1 AND name = $2
"""
_COUNT = f"""
INSERT INTO deployment_minutes AS m (tenant_id, {healths.MINUTE_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, name, minute) DO UPDATE SET answered = m.answered + excluded.answered,
    failed = m.failed + excluded.failed, limited = m.limited + excluded.limited,
    seconds = m.seconds + excluded.seconds, slowest = greatest(m.slowest, excluded.slowest)
"""  # noqa: S608 - ours
_FORGET = """
DELETE FROM deployment_minutes WHERE (tenant_id, name, minute) IN (
    SELECT tenant_id, name, minute FROM deployment_minutes WHERE tenant_id = $1 AND minute < $2
    FOR UPDATE SKIP LOCKED)
"""
_MINUTES = f"""
SELECT {healths.MINUTE_COLUMNS} FROM deployment_minutes WHERE tenant_id = $1 AND minute >= $2
ORDER BY name, minute
"""  # noqa: S608 - ours


class PostgresDeployments:
    """Healths are read, folded and written under the lock of their rows."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        """Fold what came of calls into the healths, and count the minutes."""
        checked(*(text for one in reports for text in (one.deployment, one.code)))

        async def work(connection: asyncpg.Connection) -> dict[str, Health]:
            found: dict[str, Health] = {}
            async with connection.transaction():
                for name, own in healths.by_deployment(reports).items():
                    at = own[-1].at
                    await connection.execute(_MAKE, tenant_id, name, at)
                    text = await connection.fetchval(_LOCK, tenant_id, name)
                    found[name] = healths.folded(healths.health_of(text), own)
                    stored = healths.text_of(found[name])
                    await connection.execute(_SAVE, tenant_id, name, stored, at)
                rows = [(tenant_id, *healths.minute_row(one)) for one in counted(reports)]
                await connection.executemany(_COUNT, rows)
                await connection.execute(_FORGET, tenant_id, healths.oldest_kept(reports))
            return found

        return await self._pool.use(work) if reports else {}

    async def probe(
        self, tenant_id: TenantId, deployment: str, now: float, until: float
    ) -> tuple[bool, Health]:
        """Claim the one probe of a deployment."""

        async def work(connection: asyncpg.Connection) -> tuple[bool, Health]:
            async with connection.transaction():
                text = await connection.fetchval(_LOCK, tenant_id, deployment)
                health = healths.health_of(text)
                mine = probed(health, now, until)
                if mine is None:
                    return False, health
                stored = healths.text_of(mine)
                await connection.execute(_SAVE, tenant_id, deployment, stored, now)
                return True, mine

        return await self._pool.use(work)

    async def healths(self, tenant_id: TenantId) -> Mapping[str, Health]:
        """Return the health of every deployment that was reported of."""
        rows = await self._pool.fetch(_ALL, tenant_id)
        return {row[0]: healths.health_of(row[1]) for row in rows}

    async def minutes(self, tenant_id: TenantId, since: int) -> Sequence[Minute]:
        """Return the minutes from ``since`` on."""
        rows = await self._pool.fetch(_MINUTES, tenant_id, since)
        return [healths.minute(tuple(row)) for row in rows]
