"""Run starts, artifacts and cached results on Postgres."""

from collections.abc import Mapping, Sequence

from kapell.adapters.db import faults
from kapell.adapters.db.decisions import beginning, post
from kapell.adapters.db.postgres.doorbell import PostgresDoorbell
from kapell.adapters.db.postgres.pool import Connections
from kapell.adapters.db.postgres.writer import Writer
from kapell.kit.ids import TenantId, VersionHash
from kapell.kit.json import Digest
from kapell.kit.text import checked
from kapell.services.runs.ports import Appended, Message, NewRun, Started

# The run's row first: its lock orders senders and the owner's release.
_SEND = """
WITH woken AS (
    UPDATE runs SET wake_at = least(coalesce(wake_at, kapell_now()), kapell_now())
    WHERE tenant_id = $1 AND run_id = $2 RETURNING tenant_id, run_id
), put AS (
    INSERT INTO inbox (tenant_id, run_id, key, command, actor, at)
    SELECT tenant_id, run_id, $3, $4, $5, kapell_now() FROM woken
    ON CONFLICT (tenant_id, run_id, key) DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM woken), (SELECT count(*) FROM put)
"""
_SAVE_VERSION = """
INSERT INTO versions (tenant_id, version, name, body, created_at)
VALUES ($1, $2, $3, $4, kapell_now()) ON CONFLICT (tenant_id, version) DO NOTHING
"""
_VERSION = "SELECT body FROM versions WHERE tenant_id = $1 AND version = $2"
_ARTIFACTS = "SELECT digest, body FROM artifacts WHERE tenant_id = $1 AND digest = ANY ($2)"
_SAVE_ARTIFACTS = """
INSERT INTO artifacts (tenant_id, digest, size, body, created_at)
SELECT $1, a.digest, length(a.body), a.body, kapell_now()
FROM unnest($2::text[], $3::bytea[]) AS a(digest, body) ORDER BY a.digest
ON CONFLICT (tenant_id, digest) DO NOTHING
"""
_RESULT = """
SELECT body FROM results WHERE tenant_id = $1 AND key = $2 AND expires_at > kapell_now()
"""
_SAVE_RESULT = """
WITH old AS (DELETE FROM results WHERE expires_at <= kapell_now() AND (tenant_id, key) <> ($1, $2))
INSERT INTO results (tenant_id, key, body, expires_at) VALUES ($1, $2, $3, kapell_now() + $4)
ON CONFLICT (tenant_id, key) DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at
"""


class PostgresStarts:
    """Beginning runs and telling them things."""

    def __init__(self, writer: Writer, pool: Connections, doorbell: PostgresDoorbell) -> None:
        self._writer = writer
        self._pool = pool
        self._doorbell = doorbell

    async def start(self, runs: Sequence[NewRun]) -> tuple[Started, ...]:
        """Store new runs, each once per key, all in one transaction."""
        started = await self._writer.order(beginning(runs))
        if isinstance(started, Appended):
            raise faults.refused("a start was answered as an append")
        if unowned := [run.run_id for run in runs if run.owner is None]:
            await self._doorbell.ring(unowned)
        return started

    async def send(self, message: Message) -> bool:
        """Put a command into a run's inbox, wake the run and ring."""
        posted = post(message)
        woken, put = await self._pool.one(
            _SEND, posted.tenant_id, posted.run_id, posted.key, posted.command, posted.actor
        )
        if not woken:
            raise faults.run_unknown(message.run_id)
        await self._doorbell.ring([message.run_id])
        return bool(put)

    async def save_version(
        self, tenant_id: TenantId, version: VersionHash, name: str, body: bytes
    ) -> None:
        """Keep a compiled version; the same hash again is nothing new."""
        checked(tenant_id, version, name)
        await self._pool.fetch(_SAVE_VERSION, tenant_id, version, name, body)

    async def load_version(self, tenant_id: TenantId, version: VersionHash) -> bytes:
        """Return a compiled version."""
        row = await self._pool.one(_VERSION, tenant_id, version)
        if row is None:
            raise faults.version_unknown(version)
        return bytes(row[0])


class PostgresArtifacts:
    """Large values, content-addressed per tenant."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes."""
        found = await self._pool.fetch(_ARTIFACTS, tenant_id, list(digests))
        bodies = {Digest(row[0]): bytes(row[1]) for row in found}
        for digest in digests:
            if digest not in bodies:
                raise faults.artifact_unknown(digest)
        return bodies

    async def put(self, tenant_id: TenantId, items: Mapping[Digest, bytes]) -> None:
        """Keep bytes under their digests."""
        await self._pool.fetch(_SAVE_ARTIFACTS, tenant_id, list(items), list(items.values()))


class PostgresResults:
    """Results of steps that say ``cache``."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    async def get(self, tenant_id: TenantId, key: str) -> bytes | None:
        """Return the live result under ``key``."""
        row = await self._pool.one(_RESULT, tenant_id, key)
        return None if row is None else bytes(row[0])

    async def put(self, tenant_id: TenantId, key: str, body: bytes, ttl: float) -> None:
        """Keep a result for ``ttl`` seconds; those that have ended go."""
        checked(tenant_id, key)
        await self._pool.fetch(_SAVE_RESULT, tenant_id, key, body, ttl)
