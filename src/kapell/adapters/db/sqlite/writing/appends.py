"""A batch of decisions, written in the fixed order inside the writer's transaction."""

import sqlite3
from collections.abc import Sequence

from kapell.adapters.db.changes import Changes
from kapell.adapters.db.decisions import Decision
from kapell.adapters.db.sqlite.writing import batches, births, contents
from kapell.kit.errors import Bug
from kapell.services.runs.ports import Append, Appended

_FENCED = """
SELECT runs.run_id FROM (VALUES {rows}) AS v JOIN runs ON tenant_id = v.column1
    AND run_id = v.column2 AND epoch = v.column3 AND owner = v.column4 AND seq = v.column5
"""
_CONSUMED = """
UPDATE inbox SET consumed = v.column4 FROM (VALUES {rows}) AS v
WHERE number = v.column3 AND tenant_id = v.column1 AND run_id = v.column2 AND consumed IS NULL
"""
_WITH_MESSAGES = """
SELECT v.column2 FROM (VALUES {rows}) AS v WHERE EXISTS (SELECT 1 FROM inbox AS i
    WHERE i.tenant_id = v.column1 AND i.run_id = v.column2 AND i.consumed IS NULL)
"""
_RUNS = """
UPDATE runs SET seq = v.column6, status = v.column7, generation = v.column8, wake_at = v.column9,
    ended_at = v.column10, usd = v.column11, tokens = v.column12, error_code = v.column13,
    owner = CASE WHEN v.column14 THEN NULL ELSE owner END, updated_at = v.column15,
    claims = v.column16
FROM (VALUES {rows}) AS v
WHERE tenant_id = v.column1 AND run_id = v.column2 AND epoch = v.column3 AND owner = v.column4
    AND seq = v.column5
"""


class Fenced(Exception):
    """Some decisions of the batch come from workers that have lost their runs."""

    def __init__(self, lost: Sequence[Decision]) -> None:
        super().__init__()
        self.lost = lost


def append(
    connection: sqlite3.Connection, decisions: Sequence[Decision], now: float
) -> list[Appended]:
    """Write the decisions; each is of another run.

    Raises:
        Fenced: nothing may be committed; drop the lost ones and begin again.
    """
    appends = [one.append for one in decisions if one.append is not None]
    _consume(connection, appends)
    staying = _staying(connection, appends)
    rows = [_row(one, one.run_id not in staying, now) for one in appends]
    if batches.execute(connection, _RUNS, rows) != len(rows):
        lost = _lost(connection, decisions)
        if not lost:
            raise Bug("A batch of decisions changed fewer runs than it holds.", code="batch_torn")
        raise Fenced(lost)
    artifacts = [pair for one in decisions for pair in one.artifacts()]
    contents.write_artifacts(connection, artifacts, now)
    for one in decisions:
        if one.changes is not None:
            contents.write_changes(connection, _joined(decisions))
            break
    for one in decisions:
        if one.births:
            births.start(connection, one.births, now)
        for post in one.posts:
            births.send(connection, post, now)
    contents.write_events(connection, [row for one in decisions for row in one.events])
    return [
        Appended(one.expected_seq + len(one.events), _frees(one) and one.run_id not in staying)
        for one in appends
    ]


def _frees(append: Append) -> bool:
    return append.release or append.row.ended_at is not None


def _row(append: Append, quiet: bool, now: float) -> batches.Row:
    row = append.row
    return (
        append.tenant_id, append.run_id, append.epoch, append.worker, append.expected_seq,
        append.expected_seq + len(append.events), row.status.value, row.generation,
        None if row.ended_at is not None else row.wake_at, row.ended_at, row.usd, row.tokens,
        row.error_code, 1 if quiet and _frees(append) else 0, now,
        append.claims,
    )  # fmt: skip


def _consume(connection: sqlite3.Connection, appends: Sequence[Append]) -> None:
    rows = [
        (one.tenant_id, one.run_id, number, one.expected_seq + len(one.events))
        for one in appends
        for number in one.consumed
    ]
    batches.execute(connection, _CONSUMED, rows)


def _staying(connection: sqlite3.Connection, appends: Sequence[Append]) -> set[batches.Value]:
    """Return the runs that would go but have messages."""
    rows = [(one.tenant_id, one.run_id) for one in appends if _frees(one)]
    return set(batches.select(connection, _WITH_MESSAGES, rows))


def _lost(connection: sqlite3.Connection, decisions: Sequence[Decision]) -> list[Decision]:
    connection.execute("ROLLBACK")
    rows = [
        (one.append.tenant_id, one.append.run_id, one.append.epoch, one.append.worker,
         one.append.expected_seq)
        for one in decisions
        if one.append is not None
    ]  # fmt: skip
    own = set(batches.select(connection, _FENCED, rows))
    return [one for one in decisions if one.append is not None and one.append.run_id not in own]


def _joined(decisions: Sequence[Decision]) -> Changes:
    joined = Changes()
    for one in decisions:
        if one.changes is not None:
            joined.reserved += one.changes.reserved
            joined.settled += one.changes.settled
            joined.people += one.changes.people
    return joined
