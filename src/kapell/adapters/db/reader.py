"""Reads that need no ownership, the same SQL for both databases.

Parameters are written ``$1``, the store's clock ``kapell_now()``; each side has its own form of
them. Events come as one JSON text or as rows, which the fetching side knows best.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from kapell.adapters.db import faults, rows
from kapell.adapters.db.rows import EventRow
from kapell.core.events.envelope import Event
from kapell.core.pricing.habit import Habit
from kapell.core.runs import paths
from kapell.core.runs.rows import Details, Standing
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId, TenantId, VersionHash, child_prefix
from kapell.kit.json import Json, decode
from kapell.kit.text import checked
from kapell.services.runs.ports import (
    AccuracyRow,
    ApprovalRow,
    CostRow,
    DeadLetterRow,
    InboxMessage,
    RunSummary,
)

Record = Mapping[str, Json]


class Fetch(Protocol):
    """How a database answers reads."""

    async def rows(self, sql: str, *values: str | int | float | None) -> Sequence[Record]:
        """Return all rows."""
        ...

    async def events(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, Event]]:
        """Return events with their positions; ``where`` is all that follows WHERE."""
        ...

    async def stored(
        self, where: str, *values: str | int | float | None
    ) -> Sequence[tuple[int, EventRow]]:
        """Return events as they are stored, with their positions."""
        ...

    async def write(self, sql: str, *values: str | int | float | None) -> None:
        """Execute one small statement durably."""
        ...

    async def insert_all(
        self,
        into: str,
        rows: Sequence[Sequence[str | int | float]],
        guard: tuple[str, Sequence[str | int]] | None = None,
    ) -> bool:
        """Insert rows into a table, which is named with its columns: all or none.

        False, and nothing was done, when a key was there already or ``guard`` changed no row.
        """
        ...


_AFTER_ALL = "\U0010ffff"
"""Put behind a beginning, it sorts after all that begins so."""

_SUMMARY = """
SELECT tenant_id, run_id, workflow, version, status, seq, generation, owner, wake_at, priority,
    created_at, updated_at, ended_at, usd, tokens, error_code, key, parent_run, forked_from,
    guards, EXISTS (SELECT 1 FROM workers AS w WHERE w.worker_id = runs.owner
        AND w.lease_until > kapell_now()) AS attended
FROM runs
"""
_LIST = f"""{_SUMMARY} WHERE tenant_id = $1 AND (CAST($2 AS text) IS NULL OR status = $2)
    AND (CAST($3 AS text) IS NULL OR workflow = $3) AND (CAST($4 AS text) IS NULL OR run_id < $4)
    ORDER BY run_id DESC LIMIT $5"""
_EXACT = f"{_SUMMARY} WHERE tenant_id = $1 AND run_id = $2"
_LAST = f"""{_SUMMARY} WHERE tenant_id = $1 AND parent_run IS NULL
    ORDER BY run_id DESC LIMIT 1"""
_CHILDREN = f"""{_SUMMARY} WHERE tenant_id = $1 AND parent_run = $2
    AND run_id >= $3 AND run_id < $4 ORDER BY run_id"""
_BEGINNING = f"""{_SUMMARY} WHERE tenant_id = $1 AND run_id >= $2 AND run_id < $3
    ORDER BY run_id LIMIT 2"""
_END = f"{_SUMMARY} WHERE tenant_id = $1 AND substr(run_id, length(run_id) - $2 + 1) = $3 LIMIT 2"
_APPROVALS = """
SELECT a.*, r.workflow FROM approvals AS a
    JOIN runs AS r ON r.tenant_id = a.tenant_id AND r.run_id = a.run_id
WHERE a.tenant_id = $1 AND (CAST($2 AS text) IS NULL OR a.run_id = $2) {open}
"""
_MESSAGE = ("number", "run_id", "key", "command", "actor", "at")
_TOLD = """
SELECT i.number, i.run_id, i.key, i.command, i.actor, i.at FROM inbox AS i
WHERE i.tenant_id = $1 AND i.run_id = $2 AND substr(i.key, 1, CAST($3 AS integer)) = $4
ORDER BY i.number
"""
_details = msgspec.json.Decoder(Details)
_standing = msgspec.json.Decoder(Standing)
_DEAD = """
SELECT d.*, r.workflow FROM dead_letters AS d
    JOIN runs AS r ON r.tenant_id = d.tenant_id AND r.run_id = d.run_id
WHERE d.tenant_id = $1 AND (CAST($2 AS text) IS NULL OR d.run_id = $2) AND d.closed_at IS NULL
"""
_COSTS = """
SELECT {by} AS name, count(*) AS calls, CAST(sum(l.usd) AS bigint) AS usd,
    CAST(sum(l.reserved) AS bigint) AS reserved, CAST(sum(l.input_tokens) AS bigint) AS input,
    CAST(sum(l.output_tokens) AS bigint) AS output
FROM ledger AS l JOIN runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
WHERE l.tenant_id = $1 AND (CAST($2 AS text) IS NULL OR l.run_id = $2)
    AND (CAST($3 AS double precision) IS NULL OR l.at >= $3)
    AND NOT (l.state = 'settled' AND l.usd = 0 AND l.input_tokens = 0 AND l.output_tokens = 0)
GROUP BY {by} ORDER BY 3 DESC, 1
"""
_ACCURACY = """
SELECT {by} AS name, count(*) AS calls, CAST(sum(l.usd) AS bigint) AS usd,
    CAST(sum(l.predicted) AS bigint) AS predicted,
    CAST(sum(abs(l.predicted - l.usd)) AS bigint) AS missed
FROM ledger AS l JOIN runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
WHERE l.tenant_id = $1 AND (CAST($2 AS text) IS NULL OR l.run_id = $2)
    AND (CAST($3 AS double precision) IS NULL OR l.at >= $3)
    AND l.state = 'settled' AND l.output_tokens > 0
GROUP BY {by} ORDER BY 3 DESC, 1
"""
_HABITS = """
SELECT model, agent, step, count(*) AS calls, sum(usd) AS usd, sum(size) AS size,
    sum(size * size) AS size_size, sum(input) AS input, sum(input * size) AS input_size,
    sum(output) AS output, sum(output * size) AS output_size, sum(output * output) AS output_output
FROM (SELECT model, agent, step, CAST(usd AS double precision) AS usd,
        CAST(size AS double precision) AS size,
        CAST(input_tokens AS double precision) AS input,
        CAST(output_tokens AS double precision) AS output
    FROM ledger WHERE tenant_id = $1 AND state = 'settled' AND output_tokens > 0 AND size > 0
    ORDER BY at DESC LIMIT $2) AS l
GROUP BY model, agent, step ORDER BY model, agent, step
"""
_LATELY = 20_000
"""Calls from which habits are learnt: the newest, so that what changed is noticed."""

_GROUPS: Mapping[str, str] = {
    "provider": "l.provider",
    "model": "coalesce(l.answered_by, l.model)",
    "agent": "l.agent",
    "step": "l.step",
    "run": "l.run_id",
    "workflow": "r.workflow",
}
_SUMS = tuple(name for name in Habit.__struct_fields__ if name not in ("agent", "step", "calls"))
_CURSOR = "SELECT position FROM cursors WHERE subscriber = $1"
_SAVE_CURSOR = """
INSERT INTO cursors (subscriber, position) VALUES ($1, $2)
ON CONFLICT (subscriber) DO UPDATE SET position = excluded.position
"""


class SqlReader:
    """The reader on any database that can fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def runs(
        self,
        tenant_id: TenantId,
        *,
        status: RunStatus | None = None,
        workflow: str | None = None,
        limit: int = 50,
        before: RunId | None = None,
    ) -> tuple[RunSummary, ...]:
        """Return runs, newest first."""
        found = await self._fetch.rows(
            _LIST, tenant_id, None if status is None else status.value, workflow, before, limit
        )
        return tuple(_summary(row) for row in found)

    async def children(self, tenant_id: TenantId, parent: RunId) -> tuple[RunSummary, ...]:
        """Return the runs that a run began."""
        begin = child_prefix(parent)
        found = await self._fetch.rows(_CHILDREN, tenant_id, parent, begin, begin + _AFTER_ALL)
        return tuple(_summary(row) for row in found)

    async def run(self, tenant_id: TenantId, ref: str) -> RunSummary:
        """Return one run by id, unique beginning or end of it, or ``last``."""
        if ref == "last":
            found = await self._fetch.rows(_LAST, tenant_id)
        else:
            found = await self._fetch.rows(_EXACT, tenant_id, ref)
            if not found and ref:
                found = await self._fetch.rows(_BEGINNING, tenant_id, ref, ref + _AFTER_ALL)
            if not found and ref:
                found = await self._fetch.rows(_END, tenant_id, len(ref), ref)
        if not found:
            raise faults.run_unknown(ref)
        if len(found) > 1:
            raise Invalid(
                f"{ref!r} stands for more than one run.",
                code="run_ambiguous",
                advice=f"Write more of its id: {found[0]['run_id']}, {found[1]['run_id']}, ...",
            )
        return _summary(found[0])

    async def events(
        self, tenant_id: TenantId, run_id: RunId, after: int = 0, limit: int = 1000
    ) -> tuple[Event, ...]:
        """Return a run's events after a sequence number."""
        found = await self._fetch.events(
            "tenant_id = $1 AND run_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
            tenant_id, run_id, after, limit,
        )  # fmt: skip
        return tuple(event for _, event in found)

    async def approvals(
        self, tenant_id: TenantId, run_id: RunId | None = None, open_only: bool = True
    ) -> tuple[ApprovalRow, ...]:
        """Return approvals, oldest first."""
        condition = "AND a.closed_at IS NULL" if open_only else ""
        found = _in_order(
            await self._fetch.rows(_APPROVALS.format(open=condition), tenant_id, run_id)
        )
        return tuple(
            ApprovalRow(
                run_id=RunId(rows.text(row["run_id"])),
                workflow=rows.text(row["workflow"]),
                path=rows.text(row["path"]),
                step=rows.text(row["step"]),
                title=rows.text(row["title"]),
                data=rows.text(row["data"]),
                edit=rows.texts(decode(rows.text(row["edit"]))),
                expires=rows.time_or_none(row["expires"]),
                at=rows.time(row["at"]),
                answer=rows.text_or_none(row["answer"]),
                by=rows.text(row["answered_by"]),
                closed_at=rows.time_or_none(row["closed_at"]),
                details=_details.decode(rows.text(row["details"])),
                standing=_standing.decode(rows.text(row["standing"])),
            )
            for row in found
        )

    async def told(
        self, tenant_id: TenantId, run_id: RunId, beginning: str
    ) -> tuple[InboxMessage, ...]:
        """Return what the run was told under keys that begin so, in order, read or not."""
        found = await self._fetch.rows(_TOLD, tenant_id, run_id, len(beginning), beginning)
        return tuple(rows.inbox_message([row[name] for name in _MESSAGE]) for row in found)

    async def dead_letters(
        self, tenant_id: TenantId, run_id: RunId | None = None
    ) -> tuple[DeadLetterRow, ...]:
        """Return open dead letters, oldest first."""
        found = _in_order(await self._fetch.rows(_DEAD, tenant_id, run_id))
        return tuple(
            DeadLetterRow(
                run_id=RunId(rows.text(row["run_id"])),
                workflow=rows.text(row["workflow"]),
                path=rows.text(row["path"]),
                stage=rows.text(row["stage"]),
                code=rows.text(row["code"]),
                message=rows.text(row["message"]),
                attempts=rows.whole(row["attempts"]),
                at=rows.time(row["at"]),
            )
            for row in found
        )

    async def costs(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[CostRow, ...]:
        """Return costs grouped, dearest first."""
        sql = _COSTS.format(by=_GROUPS[by])
        found = await self._fetch.rows(sql, tenant_id, run_id, since)
        return tuple(
            CostRow(
                group=rows.text(row["name"]),
                calls=rows.whole(row["calls"]),
                usd=rows.whole(row["usd"]),
                reserved=rows.whole(row["reserved"]),
                input_tokens=rows.whole(row["input"]),
                output_tokens=rows.whole(row["output"]),
            )
            for row in found
        )

    async def accuracy(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[AccuracyRow, ...]:
        """Return how well the costs of answered calls were predicted, dearest group first."""
        sql = _ACCURACY.format(by=_GROUPS[by])
        found = await self._fetch.rows(sql, tenant_id, run_id, since)
        return tuple(
            AccuracyRow(
                group=rows.text(row["name"]),
                calls=rows.whole(row["calls"]),
                predicted=rows.whole(row["predicted"]),
                usd=rows.whole(row["usd"]),
                missed=rows.whole(row["missed"]),
            )
            for row in found
        )

    async def habits(self, tenant_id: TenantId) -> Mapping[str, tuple[Habit, ...]]:
        """Return by model what its last answered calls used, added up by agent and step."""
        made: dict[str, list[Habit]] = {}
        for row in await self._fetch.rows(_HABITS, tenant_id, _LATELY):
            sums = {name: rows.time(row[name]) for name in _SUMS}
            habit = Habit(
                agent=rows.text(row["agent"]),
                step=rows.text(row["step"]),
                calls=rows.whole(row["calls"]),
                **sums,
            )
            made.setdefault(rows.text(row["model"]), []).append(habit)
        return {model: tuple(habits) for model, habits in made.items()}

    async def feed(self, after: int, limit: int = 500) -> tuple[tuple[int, Event], ...]:
        """Return events of all runs after a global position, in order and without gaps."""
        return tuple(
            await self._fetch.events("position > $1 ORDER BY position LIMIT $2", after, limit)
        )

    async def cursor(self, subscriber: str) -> int:
        """Return the position a subscriber has reached (0 at first)."""
        found = await self._fetch.rows(_CURSOR, subscriber)
        return rows.whole(found[0]["position"]) if found else 0

    async def save_cursor(self, subscriber: str, position: int) -> None:
        """Remember the position a subscriber has reached."""
        checked(subscriber)
        await self._fetch.write(_SAVE_CURSOR, subscriber, position)


def _in_order(found: Sequence[Record]) -> list[Record]:
    """Return rows oldest first; items of one moment by their numbers, which SQL cannot read."""

    def place(row: Record) -> tuple[float, str, list[tuple[int, str]]]:
        return rows.time(row["at"]), rows.text(row["run_id"]), paths.order(rows.text(row["path"]))

    return sorted(found, key=place)


def _summary(row: Record) -> RunSummary:
    parent, fork = rows.text_or_none(row["parent_run"]), rows.text_or_none(row["forked_from"])
    return RunSummary(
        tenant_id=TenantId(rows.text(row["tenant_id"])),
        run_id=RunId(rows.text(row["run_id"])),
        workflow=rows.text(row["workflow"]),
        version=VersionHash(rows.text(row["version"])),
        status=RunStatus(rows.text(row["status"])),
        seq=rows.whole(row["seq"]),
        generation=rows.whole(row["generation"]),
        owner=rows.text_or_none(row["owner"]),
        attended=bool(row["attended"]),
        wake_at=rows.time_or_none(row["wake_at"]),
        priority=rows.whole(row["priority"]),
        created_at=rows.time(row["created_at"]),
        updated_at=rows.time(row["updated_at"]),
        ended_at=rows.time_or_none(row["ended_at"]),
        usd=rows.whole(row["usd"]),
        tokens=rows.whole(row["tokens"]),
        error_code=rows.text(row["error_code"]),
        key=rows.text(row["key"]),
        parent_run=None if parent is None else RunId(parent),
        forked_from=None if fork is None else RunId(fork),
        guards=rows.text(row["guards"]),
    )
