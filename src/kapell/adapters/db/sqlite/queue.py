"""Owning runs: claim, release, heartbeat, inside the writer's transaction.

The run's row is its queue entry. The candidates of each tenant, workflow and priority are found
by jumping through one partial index, so finished and sleeping runs cost nothing. Three jumps, for
comparing whole rows would step through all runs of a lane to find the next one.
"""

import json
import sqlite3
from collections.abc import Mapping

from kapell.adapters.db.policy import AGEING, FIRST_LEASE, far
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, TenantId, VersionHash, WorkerId
from kapell.services.runs.ports import SUSPECT_AT, Beat, Claim, Claimed

_PRESENT = """
INSERT INTO workers (worker_id, lease_until, since) VALUES (?1, ?2 + ?3, ?2)
ON CONFLICT DO UPDATE SET lease_until = ?2 + ?3 WHERE lease_until < ?2
"""
_CLAIM = f"""
WITH RECURSIVE lanes(tenant_id, workflow, priority) AS (
    SELECT * FROM (SELECT tenant_id, workflow, priority FROM runs
        WHERE owner IS NULL AND wake_at IS NOT NULL
        ORDER BY tenant_id, workflow, priority LIMIT 1)
    UNION ALL
    SELECT r.tenant_id, r.workflow, r.priority FROM lanes AS l JOIN runs AS r ON r.rowid = coalesce(
        (SELECT n.rowid FROM runs AS n WHERE n.owner IS NULL AND n.wake_at IS NOT NULL
            AND n.tenant_id = l.tenant_id AND n.workflow = l.workflow AND n.priority > l.priority
            ORDER BY n.priority LIMIT 1),
        (SELECT n.rowid FROM runs AS n WHERE n.owner IS NULL AND n.wake_at IS NOT NULL
            AND n.tenant_id = l.tenant_id AND n.workflow > l.workflow
            ORDER BY n.workflow, n.priority LIMIT 1),
        (SELECT n.rowid FROM runs AS n WHERE n.owner IS NULL AND n.wake_at IS NOT NULL
            AND n.tenant_id > l.tenant_id
            ORDER BY n.tenant_id, n.workflow, n.priority LIMIT 1))
), caps AS (
    SELECT c.key AS workflow, c.value - (SELECT count(*) FROM runs AS o
        WHERE o.owner IS NOT NULL AND o.workflow = c.key) AS room FROM json_each(:caps) AS c
), due AS (
    SELECT r.rowid AS row, r.tenant_id, r.workflow, r.run_id, c.room,
        r.wake_at - {AGEING} * r.priority AS rank
    FROM lanes AS l LEFT JOIN caps AS c ON c.workflow = l.workflow
    JOIN runs AS r ON r.rowid IN (SELECT n.rowid FROM runs AS n
        WHERE n.owner IS NULL AND n.wake_at IS NOT NULL AND n.wake_at <= :now
            AND n.tenant_id = l.tenant_id AND n.workflow = l.workflow
            AND n.priority = l.priority AND n.log_format <= :format
            AND (n.claims >= {SUSPECT_AT}) = :suspects
        ORDER BY n.wake_at LIMIT :limit)
    WHERE c.room IS NULL OR c.room > 0
), turns AS (
    SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY rank, run_id) AS turn FROM due
), chosen AS (
    SELECT *, row_number() OVER (PARTITION BY workflow ORDER BY turn, rank, run_id) AS place
    FROM turns
)
UPDATE runs SET owner = :worker, epoch = epoch + 1, claims = claims + 1, claimed_at = :now,
    updated_at = :now
WHERE rowid IN (SELECT row FROM chosen WHERE room IS NULL OR place <= room
    ORDER BY turn, rank, run_id LIMIT :limit)
RETURNING tenant_id, run_id, workflow, version, epoch, seq, claims - 1, status,
    wake_at - {AGEING} * priority AS rank
"""  # noqa: S608 - constants of ours
_NEXT = f"""
SELECT min(wake_at) FROM runs
WHERE owner IS NULL AND wake_at IS NOT NULL AND log_format <= ?
    AND claims < {SUSPECT_AT}
"""  # noqa: S608 - a constant of ours
_RELEASE = """
UPDATE runs SET owner = NULL, wake_at = ?5, claims = 0, updated_at = ?6
WHERE tenant_id = ?1 AND run_id = ?2 AND owner = ?3 AND epoch = ?4 AND NOT EXISTS (
    SELECT 1 FROM inbox AS i WHERE i.tenant_id = ?1 AND i.run_id = ?2 AND i.consumed IS NULL)
"""
_IS_OURS = "SELECT 1 FROM runs WHERE tenant_id = ? AND run_id = ? AND owner = ? AND epoch = ?"
_BEAT = """
INSERT INTO workers (worker_id, lease_until, since) VALUES (?1, ?2 + ?3, ?2)
ON CONFLICT DO UPDATE SET lease_until = excluded.lease_until
"""
_OWNED = "SELECT json_group_array(json_array(run_id, epoch, claimed_at)) FROM runs WHERE owner = ?"
_SURPLUS = """
UPDATE runs SET owner = NULL, wake_at = ?2, claims = max(claims - 1, 0), updated_at = ?2
WHERE owner = ?1 AND run_id IN (SELECT value FROM json_each(?3))
"""
_DEAD = """
UPDATE runs SET owner = NULL, wake_at = ?1, updated_at = ?1
WHERE owner IN (SELECT DISTINCT owner FROM runs WHERE owner IS NOT NULL
    AND owner NOT IN (SELECT worker_id FROM workers
        WHERE lease_until > ?1 AND lease_until <= ?2))
"""
_FORGET_DEAD = "DELETE FROM workers WHERE lease_until <= ?1 OR lease_until > ?2"
_LEAVE = """
UPDATE runs SET owner = NULL, wake_at = ?2, claims = 0, updated_at = ?2 WHERE owner = ?1
"""


def claim(
    connection: sqlite3.Connection,
    now: float,
    *,
    worker: WorkerId,
    limit: int,
    caps: Mapping[str, int],
    fold_format: int,
    suspects: bool,
) -> Claimed:
    """Own due runs."""
    rows = []
    if limit > 0:
        connection.execute(_PRESENT, (worker, now, FIRST_LEASE))
        found = {
            "caps": json.dumps(dict(caps)),
            "now": now,
            "format": fold_format,
            "limit": limit,
            "worker": worker,
            "suspects": suspects,
        }
        rows = connection.execute(_CLAIM, found).fetchall()
    rows.sort(key=lambda row: (row[8], row[1]))
    due = None
    if not suspects:  # for the few suspects all that sleep would be looked through
        (due,) = connection.execute(_NEXT, (fold_format,)).fetchone()
    claims = tuple(
        Claim(
            tenant_id=TenantId(tenant_id),
            run_id=RunId(run_id),
            workflow=workflow,
            version=VersionHash(version),
            epoch=epoch,
            seq=seq,
            takeovers=takeovers,
            status=RunStatus(status),
        )
        for tenant_id, run_id, workflow, version, epoch, seq, takeovers, status, _ in rows
    )
    return Claimed(claims, now, due)


def release(
    connection: sqlite3.Connection,
    now: float,
    *,
    worker: WorkerId,
    tenant_id: TenantId,
    run_id: RunId,
    epoch: int,
    wake_at: float | None,
) -> bool:
    """Give a run back unless a message lies there; what is not ours counts as given back."""
    row = (tenant_id, run_id, worker, epoch, wake_at, now)
    if connection.execute(_RELEASE, row).rowcount == 1:
        return True
    return connection.execute(_IS_OURS, row[:4]).fetchone() is None


def beat(
    connection: sqlite3.Connection,
    now: float,
    *,
    worker: WorkerId,
    held: Mapping[RunId, int],
    lease: float,
) -> tuple[Beat, bool]:
    """Renew the lease, compare, free; also tell whether runs became free."""
    connection.execute(_BEAT, (worker, now, lease))
    owned: dict[str, tuple[int, float]] = {
        run_id: (epoch, claimed_at)
        for run_id, epoch, claimed_at in json.loads(
            connection.execute(_OWNED, (worker,)).fetchone()[0]
        )
    }
    lost = frozenset(
        run_id for run_id, epoch in held.items() if run_id not in owned or owned[run_id][0] != epoch
    )
    # A fresh claim may be on its way to the worker: only what it has not taken up for a whole
    # lease is surplus.
    surplus = [
        run_id
        for run_id, (epoch, claimed_at) in owned.items()
        if held.get(RunId(run_id)) != epoch and claimed_at <= now - lease
    ]
    freed = 0
    if surplus:
        freed += connection.execute(_SURPLUS, (worker, now, json.dumps(surplus))).rowcount
    freed += connection.execute(_DEAD, (now, far(now, lease))).rowcount
    connection.execute(_FORGET_DEAD, (now, far(now, lease)))
    return Beat(lost, now), freed > 0


def leave(connection: sqlite3.Connection, now: float, *, worker: WorkerId) -> bool:
    """Give everything back and forget the worker; tell whether runs became free."""
    connection.execute("DELETE FROM workers WHERE worker_id = ?", (worker,))
    return connection.execute(_LEAVE, (worker, now)).rowcount > 0
