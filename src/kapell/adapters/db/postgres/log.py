"""The run log on Postgres."""

import json
from collections.abc import Mapping, Sequence

from kapell.adapters.db import faults, rows
from kapell.adapters.db.decisions import decision
from kapell.adapters.db.policy import FIRST_LEASE
from kapell.adapters.db.postgres.doorbell import PostgresDoorbell
from kapell.adapters.db.postgres.pool import Connections
from kapell.adapters.db.postgres.writer import Writer
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, TenantId, VersionHash, WorkerId
from kapell.services.runs.ports import (
    SUSPECT_AT,
    Append,
    Appended,
    Beat,
    Claim,
    Claimed,
    History,
    InboxMessage,
    Snapshot,
)

_CLAIM = "SELECT * FROM kapell_claim($1, $2, $3, $4, $5, $6, $7)"
_RELEASE = "SELECT kapell_release($1, $2, $3, $4, $5)"
_BEAT = "SELECT lost, freed, now FROM kapell_beat($1, $2, $3)"
_LEAVE = """
WITH gone AS (DELETE FROM workers WHERE worker_id = $1)
UPDATE runs SET owner = NULL, wake_at = kapell_now(), claims = 0, updated_at = kapell_now()
WHERE owner = $1
"""
_INBOX = """
SELECT i.number, i.run_id, i.key, i.command, i.actor, i.at
FROM inbox AS i JOIN runs AS r ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id
WHERE i.consumed IS NULL AND r.owner = $1 AND (cardinality($2::text[]) = 0 OR i.run_id = ANY ($2))
ORDER BY i.number
"""
_SNAPSHOT = (
    "SELECT seq, fold, body FROM snapshots WHERE tenant_id = $1 AND run_id = $2 AND fold = $3"
)
_SAVE_SNAPSHOT = """
INSERT INTO snapshots AS s (tenant_id, run_id, fold, seq, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, run_id, fold) DO UPDATE SET seq = excluded.seq, body = excluded.body
WHERE excluded.seq > s.seq
"""
_AFTER = "tenant_id = $1 AND run_id = $2 AND seq > $3 ORDER BY seq"


class PostgresLog:
    """Appends through the writer, everything else through the pool."""

    def __init__(self, writer: Writer, pool: Connections, doorbell: PostgresDoorbell) -> None:
        self._writer = writer
        self._pool = pool
        self._doorbell = doorbell

    async def append(self, append: Append) -> Appended:
        """Store one decision durably."""
        appended = await self._writer.order(decision(append))
        told = [run.run_id for run in append.starts] + [one.run_id for one in append.messages]
        if told:
            await self._doorbell.ring(told)
        if not isinstance(appended, Appended):
            raise faults.refused("an append was answered as a start")
        return appended

    async def claim(
        self,
        worker: WorkerId,
        limit: int,
        caps: Mapping[str, int],
        fold_format: int,
        suspects: bool = False,
    ) -> Claimed:
        """Own up to ``limit`` due runs."""
        found = await self._pool.fetch(
            _CLAIM,
            worker,
            limit,
            json.dumps(dict(caps)) if caps else None,
            fold_format,
            FIRST_LEASE,
            SUSPECT_AT,
            suspects,
        )
        last = found.pop()
        claims = tuple(
            Claim(
                tenant_id=TenantId(row["tenant_id"]),
                run_id=RunId(row["run_id"]),
                workflow=row["workflow"],
                version=VersionHash(row["version"]),
                epoch=row["epoch"],
                seq=row["seq"],
                takeovers=row["takeovers"],
                status=RunStatus(row["status"]),
            )
            for row in found
        )
        return Claimed(claims, last["now"], last["next_due"])

    async def release(
        self,
        worker: WorkerId,
        tenant_id: TenantId,
        run_id: RunId,
        epoch: int,
        wake_at: float | None,
    ) -> bool:
        """Give a run back; False (and still owned) when its inbox holds something."""
        row = await self._pool.one(_RELEASE, tenant_id, run_id, worker, epoch, wake_at)
        return bool(row[0])

    async def beat(self, worker: WorkerId, held: Mapping[RunId, int], lease: float) -> Beat:
        """Renew the lease, compare, free what is surplus or of dead workers."""
        row = await self._pool.one(_BEAT, worker, json.dumps(dict(held)), lease)
        if row["freed"]:
            await self._doorbell.ring(())
        return Beat(frozenset(RunId(run) for run in row["lost"] or ()), row["now"])

    async def leave(self, worker: WorkerId) -> None:
        """Give everything back and forget the worker."""
        await self._pool.write(_LEAVE, worker)
        await self._doorbell.ring(())

    async def inbox(self, worker: WorkerId, runs: Sequence[RunId]) -> tuple[InboxMessage, ...]:
        """Return unconsumed messages of these runs, or of all the worker owns."""
        found = await self._pool.fetch(_INBOX, worker, list(runs))
        return tuple(rows.inbox_message(tuple(row)) for row in found)

    async def load(self, tenant_id: TenantId, run_id: RunId, fold: str) -> History:
        """Return the snapshot that fits, and the events after it."""
        row = await self._pool.one(_SNAPSHOT, tenant_id, run_id, fold)
        snapshot = None if row is None else Snapshot(row[0], row[1], row[2])
        after = 0 if snapshot is None else snapshot.seq
        found = await self._pool.events(_AFTER, tenant_id, run_id, after)
        return History(snapshot, tuple(event for _, event in found))

    async def save_snapshot(self, tenant_id: TenantId, run_id: RunId, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of older ones."""
        await self._pool.fetch(
            _SAVE_SNAPSHOT, tenant_id, run_id, snapshot.fold, snapshot.seq, snapshot.body
        )
