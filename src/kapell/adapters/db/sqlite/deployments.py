"""The health of deployments in one SQLite file."""

import sqlite3
from collections.abc import Mapping, Sequence

from kapell.adapters.db import healths
from kapell.adapters.db.sqlite.readers import Readers
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.core.gateway.routing.health import Health, Report, probed
from kapell.core.gateway.routing.minutes import Minute, counted
from kapell.kit.ids import TenantId
from kapell.kit.text import checked

_ONE = "SELECT state FROM deployments WHERE tenant_id = ? AND name = ?"
_ALL = "SELECT name, state FROM deployments WHERE tenant_id = ?"
_SAVE = """
INSERT INTO deployments (tenant_id, name, state, updated_at) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant_id, name) DO UPDATE SET state = excluded.state,
    updated_at = excluded.updated_at
"""
_COUNT = f"""
INSERT INTO deployment_minutes AS m (tenant_id, {healths.MINUTE_COLUMNS})
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant_id, name, minute) DO UPDATE SET answered = m.answered + excluded.answered,
    failed = m.failed + excluded.failed, limited = m.limited + excluded.limited,
    seconds = m.seconds + excluded.seconds, slowest = max(m.slowest, excluded.slowest)
"""  # noqa: S608 - ours
_FORGET = "DELETE FROM deployment_minutes WHERE tenant_id = ? AND minute < ?"
_MINUTES = f"""
SELECT {healths.MINUTE_COLUMNS} FROM deployment_minutes WHERE tenant_id = ? AND minute >= ?
ORDER BY name, minute
"""  # noqa: S608 - ours


class SqliteDeployments:
    """Healths are read, folded and written in one transaction of the writer."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        """Fold what came of calls into the healths, and count the minutes."""
        checked(*(text for one in reports for text in (one.deployment, one.code)))

        def work(connection: sqlite3.Connection, _: float) -> dict[str, Health]:
            found: dict[str, Health] = {}
            for name, own in healths.by_deployment(reports).items():
                found[name] = healths.folded(_health(connection, tenant_id, name), own)
                _save(connection, tenant_id, name, found[name], own[-1].at)
            for one in counted(reports):
                connection.execute(_COUNT, (tenant_id, *healths.minute_row(one)))
            connection.execute(_FORGET, (tenant_id, healths.oldest_kept(reports)))
            return found

        # What a power cut takes from the health of a deployment, the next calls tell again.
        return await self._writer.do(work, passing=True) if reports else {}

    async def probe(
        self, tenant_id: TenantId, deployment: str, now: float, until: float
    ) -> tuple[bool, Health]:
        """Claim the one probe of a deployment."""

        def work(connection: sqlite3.Connection, _: float) -> tuple[bool, Health]:
            health = _health(connection, tenant_id, deployment)
            mine = probed(health, now, until)
            if mine is None:
                return False, health
            _save(connection, tenant_id, deployment, mine, now)
            return True, mine

        return await self._writer.do(work)

    async def healths(self, tenant_id: TenantId) -> Mapping[str, Health]:
        """Return the health of every deployment that was reported of."""
        rows = await self._readers.read(
            lambda connection: [tuple(row) for row in connection.execute(_ALL, (tenant_id,))]
        )
        return {name: healths.health_of(state) for name, state in rows}

    async def minutes(self, tenant_id: TenantId, since: int) -> Sequence[Minute]:
        """Return the minutes from ``since`` on."""
        rows = await self._readers.rows(_MINUTES, tenant_id, since)
        return [healths.minute(tuple(row)) for row in rows]


def _health(connection: sqlite3.Connection, tenant_id: str, name: str) -> Health:
    row = connection.execute(_ONE, (tenant_id, name)).fetchone()
    return healths.health_of(row[0] if row else None)


def _save(
    connection: sqlite3.Connection, tenant_id: str, name: str, health: Health, at: float
) -> None:
    connection.execute(_SAVE, (tenant_id, name, healths.text_of(health), at))
