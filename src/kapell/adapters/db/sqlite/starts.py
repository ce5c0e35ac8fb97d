"""Run starts, artifacts and cached results on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from kapell.adapters.db import faults
from kapell.adapters.db.decisions import birth, post
from kapell.adapters.db.sqlite.doorbell import SqliteDoorbell
from kapell.adapters.db.sqlite.readers import Readers
from kapell.adapters.db.sqlite.writing import births, contents
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.kit.ids import TenantId, VersionHash
from kapell.kit.json import Digest
from kapell.kit.text import checked
from kapell.services.runs.ports import Message, NewRun, Started

_SAVE_VERSION = """
INSERT INTO versions (tenant_id, version, name, body, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_VERSION = "SELECT body FROM versions WHERE tenant_id = ? AND version = ?"
_ARTIFACTS = """
SELECT digest, body FROM artifacts
WHERE tenant_id = ? AND digest IN (SELECT value FROM json_each(?))
"""
_RESULT = "SELECT body FROM results WHERE tenant_id = ? AND key = ? AND expires_at > ?"
_SAVE_RESULT = """
INSERT INTO results (tenant_id, key, body, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at
"""


class SqliteStarts:
    """Beginning runs and telling them things."""

    def __init__(self, writer: Writer, readers: Readers, doorbell: SqliteDoorbell) -> None:
        self._writer = writer
        self._readers = readers
        self._doorbell = doorbell

    async def start(self, runs: Sequence[NewRun]) -> tuple[Started, ...]:
        """Store new runs, each once per key, all in one transaction."""
        born = [birth(run) for run in runs]
        started = await self._writer.do(lambda connection, now: births.start(connection, born, now))
        if unowned := [run.run_id for run in runs if run.owner is None]:
            await self._doorbell.ring(unowned)
        return tuple(started)

    async def send(self, message: Message) -> bool:
        """Put a command into a run's inbox, wake the run and ring."""
        posted = post(message)
        new = await self._writer.do(lambda connection, now: births.send(connection, posted, now))
        await self._doorbell.ring([message.run_id])
        return new

    async def save_version(
        self, tenant_id: TenantId, version: VersionHash, name: str, body: bytes
    ) -> None:
        """Keep a compiled version; the same hash again is nothing new."""
        checked(tenant_id, version, name)
        await self._writer.do(
            lambda connection, now: (
                connection.execute(_SAVE_VERSION, (tenant_id, version, name, body, now)).rowcount
            )
        )

    async def load_version(self, tenant_id: TenantId, version: VersionHash) -> bytes:
        """Return a compiled version."""
        found = await self._readers.read(
            lambda connection: connection.execute(_VERSION, (tenant_id, version)).fetchone()
        )
        if found is None:
            raise faults.version_unknown(version)
        return bytes(found[0])


class SqliteArtifacts:
    """Large values, content-addressed per tenant."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes."""
        asked = json.dumps(list(digests))

        def work(connection: sqlite3.Connection) -> dict[Digest, bytes]:
            found = connection.execute(_ARTIFACTS, (tenant_id, asked))
            return {Digest(digest): bytes(body) for digest, body in found}

        bodies = await self._readers.read(work)
        for digest in digests:
            if digest not in bodies:
                raise faults.artifact_unknown(digest)
        return bodies

    async def put(self, tenant_id: TenantId, items: Mapping[Digest, bytes]) -> None:
        """Keep bytes under their digests."""
        await self._writer.do(
            lambda connection, now: contents.write_artifacts(connection, [(tenant_id, items)], now)
        )


class SqliteResults:
    """Results of steps that say ``cache``."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def get(self, tenant_id: TenantId, key: str) -> bytes | None:
        """Return the live result under ``key``."""
        found = await self._readers.read(
            lambda connection: connection.execute(
                _RESULT, (tenant_id, key, self._writer.now())
            ).fetchone()
        )
        return None if found is None else bytes(found[0])

    async def put(self, tenant_id: TenantId, key: str, body: bytes, ttl: float) -> None:
        """Keep a result for ``ttl`` seconds; those that have ended go."""
        checked(tenant_id, key)

        def work(connection: sqlite3.Connection, now: float) -> None:
            connection.execute("DELETE FROM results WHERE expires_at <= ?", (now,))
            connection.execute(_SAVE_RESULT, (tenant_id, key, body, now + ttl))

        await self._writer.do(work)
