"""The run log on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from kapell.adapters.db import rows
from kapell.adapters.db.decisions import decision
from kapell.adapters.db.sqlite import queue
from kapell.adapters.db.sqlite.doorbell import SqliteDoorbell
from kapell.adapters.db.sqlite.readers import Readers
from kapell.adapters.db.sqlite.writing.writer import Writer
from kapell.kit.ids import RunId, TenantId, WorkerId
from kapell.services.runs.ports import (
    Append,
    Appended,
    Beat,
    Claimed,
    History,
    InboxMessage,
    Snapshot,
)

_INBOX = """
SELECT i.number, i.run_id, i.key, i.command, i.actor, i.at
FROM inbox AS i JOIN runs AS r ON r.tenant_id = i.tenant_id AND r.run_id = i.run_id
WHERE i.consumed IS NULL AND r.owner = ?1
    AND (?2 = '[]' OR i.run_id IN (SELECT value FROM json_each(?2)))
ORDER BY i.number
"""
_SNAPSHOT = "SELECT seq, fold, body FROM snapshots WHERE tenant_id = ? AND run_id = ? AND fold = ?"
_SAVE_SNAPSHOT = """
INSERT INTO snapshots (tenant_id, run_id, fold, seq, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET seq = excluded.seq, body = excluded.body WHERE excluded.seq > seq
"""
_AFTER = "tenant_id = $1 AND run_id = $2 AND seq > $3 ORDER BY seq"


class SqliteLog:
    """Appends through the writer, loads through the readers."""

    def __init__(self, writer: Writer, readers: Readers, doorbell: SqliteDoorbell) -> None:
        self._writer = writer
        self._readers = readers
        self._doorbell = doorbell

    async def append(self, append: Append) -> Appended:
        """Store one decision durably."""
        appended = await self._writer.append(decision(append))
        told = [run.run_id for run in append.starts] + [one.run_id for one in append.messages]
        if told:
            await self._doorbell.ring(told)
        return appended

    async def claim(
        self,
        worker: WorkerId,
        limit: int,
        caps: Mapping[str, int],
        fold_format: int,
        suspects: bool = False,
    ) -> Claimed:
        """Own up to ``limit`` due runs; a claim that a power cut undoes is made again."""
        return await self._writer.do(
            partial(
                queue.claim,
                worker=worker,
                limit=limit,
                caps=caps,
                fold_format=fold_format,
                suspects=suspects,
            ),
            passing=True,
        )

    async def release(
        self,
        worker: WorkerId,
        tenant_id: TenantId,
        run_id: RunId,
        epoch: int,
        wake_at: float | None,
    ) -> bool:
        """Give a run back; False (and still owned) when its inbox holds something."""
        return await self._writer.do(
            partial(
                queue.release,
                worker=worker,
                tenant_id=tenant_id,
                run_id=run_id,
                epoch=epoch,
                wake_at=wake_at,
            )
        )

    async def beat(self, worker: WorkerId, held: Mapping[RunId, int], lease: float) -> Beat:
        """Renew the lease, compare, free what is surplus or of dead workers."""
        found, freed = await self._writer.do(
            partial(queue.beat, worker=worker, held=dict(held), lease=lease), passing=True
        )
        if freed:
            await self._doorbell.ring(())
        return found

    async def leave(self, worker: WorkerId) -> None:
        """Give everything back and forget the worker."""
        if await self._writer.do(partial(queue.leave, worker=worker)):
            await self._doorbell.ring(())

    async def inbox(self, worker: WorkerId, runs: Sequence[RunId]) -> tuple[InboxMessage, ...]:
        """Return unconsumed messages of these runs, or of all the worker owns."""
        asked = json.dumps(list(runs))

        def work(connection: sqlite3.Connection) -> list[Sequence[object]]:
            return connection.execute(_INBOX, (worker, asked)).fetchall()

        return tuple(rows.inbox_message(row) for row in await self._readers.read(work))

    async def load(self, tenant_id: TenantId, run_id: RunId, fold: str) -> History:
        """Return the snapshot that fits, and the events after it."""

        def work(connection: sqlite3.Connection) -> Snapshot | None:
            found = connection.execute(_SNAPSHOT, (tenant_id, run_id, fold)).fetchone()
            return None if found is None else Snapshot(found[0], found[1], found[2])

        snapshot = await self._readers.read(work)
        after = 0 if snapshot is None else snapshot.seq
        found = await self._readers.events(_AFTER, tenant_id, run_id, after)
        return History(snapshot, tuple(event for _, event in found))

    async def save_snapshot(self, tenant_id: TenantId, run_id: RunId, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of older ones."""
        row = (tenant_id, run_id, snapshot.fold, snapshot.seq, snapshot.body)
        await self._writer.do(
            lambda connection, _: connection.execute(_SAVE_SNAPSHOT, row).rowcount
        )
