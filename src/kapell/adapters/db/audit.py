"""The audit record's table and the log as stored, the same SQL for both databases."""

from collections.abc import Mapping, Sequence

import msgspec

from kapell.adapters.db import rows
from kapell.adapters.db.reader import Fetch, Record
from kapell.adapters.db.rows import EventRow
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Act, Detail, Entry, Head, event_digest
from kapell.core.audit.telling import tells
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest, encode
from kapell.kit.text import checked
from kapell.services.audit.ports import Wanted

READER = "audit"
"""The name under which the record's reading of the log has its cursor."""

COLUMNS = (
    "tenant_id, seq, at, actor, action, target, verdict, subject, whence, run_id, path, details, "
    "number, event, position, log, previous, hash"
)
_HEAD = "SELECT seq, hash, position, log FROM audit WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1"
_READ = "SELECT position FROM cursors WHERE subscriber = $1"
_FORWARD = """
INSERT INTO cursors AS c (subscriber, position) VALUES ($1, $2)
ON CONFLICT (subscriber) DO UPDATE SET position = excluded.position WHERE c.position = $3
"""
_WANTED = f"""
SELECT {COLUMNS} FROM audit WHERE tenant_id = $1 AND seq > $2
    AND (CAST($3 AS text) = '' OR run_id = $3)
    AND (CAST($4 AS text) = '' OR actor = $4 OR (substr(actor, 1, 7) = 'worker:' AND subject = $4))
    AND (CAST($5 AS text) = '' OR action = $5 OR substr(action, 1, length($5) + 1) = $5 || '.')
    AND (CAST($6 AS text) = '' OR verdict = $6)
    AND (CAST($7 AS double precision) IS NULL OR at >= $7)
ORDER BY seq {{order}} LIMIT $8
"""  # noqa: S608 - ours
_STARTED = (
    "SELECT run_id, actor FROM events WHERE tenant_id = $1 AND seq = 1 AND run_id IN ({places})"
)
_details: msgspec.json.Decoder[dict[str, Detail]] = msgspec.json.Decoder(dict[str, Detail])


class SqlAudit:
    """The record on any database that can fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def head(self, tenant_id: TenantId) -> Head:
        """Return the head of a tenant's chain."""
        found = await self._fetch.rows(_HEAD, tenant_id)
        if not found:
            return Head()
        row = found[0]
        return Head(
            seq=rows.whole(row["seq"]),
            hash=Digest(rows.text(row["hash"])),
            position=rows.whole(row["position"]),
            log=Digest(rows.text(row["log"])),
        )

    async def append(self, entries: Sequence[Entry], read: tuple[int, int] | None = None) -> bool:
        """Add entries, all or none; False when somebody else was faster."""
        guard = None if read is None else (_FORWARD, (READER, read[1], read[0]))
        return await self._fetch.insert_all(
            f"audit ({COLUMNS})", [_columns(one) for one in entries], guard
        )

    async def read(self) -> int:
        """Return the position up to which the log was read."""
        found = await self._fetch.rows(_READ, READER)
        return rows.whole(found[0]["position"]) if found else 0

    async def entries(self, tenant_id: TenantId, wanted: Wanted) -> Sequence[Entry]:
        """Return entries by their number, the newest first when asked so."""
        sql = _WANTED.format(order="DESC" if wanted.newest else "ASC")
        found = await self._fetch.rows(
            sql, tenant_id, wanted.after, wanted.run_id, wanted.actor, wanted.action,
            wanted.verdict, wanted.since, wanted.limit,
        )  # fmt: skip
        return [_entry(row) for row in found]

    async def log(
        self, after: int, limit: int, tenant_id: TenantId | None = None
    ) -> Sequence[LogRow]:
        """Return events after a position, of all tenants or of one."""
        if tenant_id is None:
            found = await self._fetch.stored(
                "position > $1 ORDER BY position LIMIT $2", after, limit
            )
        else:
            where = "tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3"
            found = await self._fetch.stored(where, tenant_id, after, limit)
        return [_logged(position, row) for position, row in found]

    async def subjects(self, tenant_id: TenantId, runs: Sequence[RunId]) -> Mapping[RunId, str]:
        """Return who started runs."""
        places = ", ".join(f"${number}" for number in range(2, len(runs) + 2))
        found = await self._fetch.rows(_STARTED.format(places=places), tenant_id, *runs)
        return {RunId(rows.text(row["run_id"])): rows.text(row["actor"]) for row in found}


def _logged(position: int, row: EventRow) -> LogRow:
    tenant_id, run_id, number, _, kind, *_ = row
    event = None
    try:
        if tells(kind):
            event = rows.event(row)
    except (Invalid, msgspec.MsgspecError):
        # Told by its digest alone: another release wrote it, or somebody changed it.
        pass
    return LogRow(
        position=position,
        tenant_id=TenantId(tenant_id),
        run_id=RunId(run_id),
        number=number,
        digest=event_digest(row),
        event=event,
    )


def _columns(entry: Entry) -> tuple[str | int | float, ...]:
    act = entry.act
    texts = (
        act.actor, act.action, act.target, act.verdict, act.subject, act.whence, act.run_id,
        act.path, encode(act.details).decode(),
    )  # fmt: skip
    checked(entry.tenant_id, *texts)
    return (
        entry.tenant_id, entry.seq, act.at, *texts, act.number, act.event, entry.position,
        entry.log, entry.previous, entry.hash,
    )  # fmt: skip


def _entry(row: Record) -> Entry:
    def text(name: str) -> str:
        return rows.text(row[name])

    return Entry(
        tenant_id=TenantId(text("tenant_id")),
        seq=rows.whole(row["seq"]),
        act=Act(
            at=rows.time(row["at"]),
            actor=text("actor"),
            action=text("action"),
            target=text("target"),
            verdict=text("verdict"),
            subject=text("subject"),
            whence=text("whence"),
            run_id=text("run_id"),
            path=text("path"),
            details=_read_details(text("details")),
            number=rows.whole(row["number"]),
            event=Digest(text("event")),
        ),
        position=rows.whole(row["position"]),
        log=Digest(text("log")),
        previous=Digest(text("previous")),
        hash=Digest(text("hash")),
    )


def _read_details(text: str) -> Mapping[str, Detail]:
    try:
        return _details.decode(text)
    except msgspec.MsgspecError:
        # Somebody wrote there: verification tells it, reading must not stop at it.
        return {"unreadable": True}
