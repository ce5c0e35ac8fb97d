"""What goes into the tables beside the runs' rows: events, artifacts, changes of other rows."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from kapell.adapters.db.changes import BELOW, Changes, Person
from kapell.adapters.db.rows import EVENT_COLUMNS, EventRow
from kapell.adapters.db.sqlite.writing import batches
from kapell.kit.ids import TenantId
from kapell.kit.json import Digest

_EVENTS = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES {{rows}}"  # noqa: S608 - ours
_ARTIFACTS = (
    "INSERT INTO artifacts (tenant_id, digest, size, body, created_at) VALUES {rows} "
    "ON CONFLICT DO NOTHING"
)
_RESERVED = """
INSERT INTO ledger (tenant_id, run_id, call, path, step, agent, provider, model, reserved,
    reserved_tokens, at, size, predicted, predicted_input, predicted_output, usd, input_tokens,
    output_tokens, state)
SELECT v.*, 0, 0, 0, 'reserved' FROM (VALUES {rows}) AS v WHERE true
ON CONFLICT (tenant_id, run_id, call) DO UPDATE SET reserved = excluded.reserved,
    reserved_tokens = excluded.reserved_tokens, state = 'reserved', settled_at = NULL, usd = 0,
    input_tokens = 0, output_tokens = 0, at = excluded.at, model = excluded.model,
    answered_by = NULL, provider = excluded.provider, size = excluded.size,
    predicted = excluded.predicted, predicted_input = excluded.predicted_input,
    predicted_output = excluded.predicted_output
"""
_SETTLED = """
UPDATE ledger SET reserved = 0, reserved_tokens = 0, usd = v.column4, input_tokens = v.column5,
    output_tokens = v.column6, state = v.column7, settled_at = v.column8,
    answered_by = coalesce(v.column9, answered_by), provider = coalesce(v.column10, provider)
FROM (VALUES {rows}) AS v
WHERE tenant_id = v.column1 AND run_id = v.column2 AND call = v.column3
"""
_OPENED = """
INSERT INTO approvals (tenant_id, run_id, path, at, title, data, edit, expires, step, details,
    standing, answered_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
ON CONFLICT DO UPDATE SET title = excluded.title, data = excluded.data, edit = excluded.edit,
    expires = excluded.expires, step = excluded.step, details = excluded.details,
    standing = excluded.standing, answer = NULL, answered_by = '', closed_at = NULL
"""
_CLOSED = """
UPDATE approvals SET answer = ?4, answered_by = ?5, closed_at = ?6
WHERE tenant_id = ?1 AND run_id = ?2 AND path = ?3 AND closed_at IS NULL
"""
_CHANGED = """
UPDATE approvals SET data = ?4, standing = ?5
WHERE tenant_id = ?1 AND run_id = ?2 AND path = ?3 AND closed_at IS NULL
"""
_VOID = """
UPDATE approvals SET answer = 'void', answered_by = ?4, closed_at = ?5
WHERE tenant_id = ?1 AND run_id = ?2 AND step = ?3 AND closed_at IS NULL
"""
_DEAD = """
INSERT INTO dead_letters (tenant_id, run_id, path, at, stage, code, message, failure, attempts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET stage = excluded.stage, code = excluded.code,
    message = excluded.message, failure = excluded.failure, attempts = excluded.attempts,
    closed_at = NULL
"""
_BURIED = f"""
UPDATE dead_letters SET closed_at = ?4
WHERE tenant_id = ?1 AND run_id = ?2 AND closed_at IS NULL AND (?3 = '' OR path = ?3
    OR (substr(path, 1, length(?3)) = ?3 AND instr('{BELOW}', substr(path, length(?3) + 1, 1)) > 0))
"""  # noqa: S608 - a constant of ours

_PEOPLE: Mapping[Person, str] = {
    "opened": _OPENED,
    "changed": _CHANGED,
    "closed": _CLOSED,
    "void": _VOID,
    "dead": _DEAD,
    "buried": _BURIED,
}


def write_events(connection: sqlite3.Connection, rows: Sequence[EventRow]) -> None:
    """Append events; their position is the next number of the table."""
    batches.execute(connection, _EVENTS, rows)


def write_artifacts(
    connection: sqlite3.Connection,
    items: Iterable[tuple[TenantId, Mapping[Digest, bytes]]],
    now: float,
) -> None:
    """Keep bytes that are not there yet."""
    rows = [
        (tenant, digest, len(body), body, now)
        for tenant, bodies in items
        for digest, body in bodies.items()
    ]
    batches.execute(connection, _ARTIFACTS, rows)


def write_changes(connection: sqlite3.Connection, changes: Changes) -> None:
    """Write ledger, approvals and dead letters."""
    batches.execute(connection, _RESERVED, changes.reserved)
    batches.execute(connection, _SETTLED, changes.settled)
    for kind, row in changes.people:
        connection.execute(_PEOPLE[kind], row)
