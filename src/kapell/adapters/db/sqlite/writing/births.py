"""New runs and messages, inside the writer's transaction."""

import sqlite3
from collections.abc import Sequence

from kapell.adapters.db import faults
from kapell.adapters.db.changes import Changes
from kapell.adapters.db.decisions import RUN_COLUMNS, Birth, Post, birth_changes
from kapell.adapters.db.sqlite.writing import batches, contents
from kapell.services.runs.ports import Started

_BY_KEY = "SELECT run_id, fingerprint FROM runs WHERE tenant_id = ? AND key = ?"
_BY_ID = "SELECT run_id, fingerprint FROM runs WHERE tenant_id = ? AND run_id = ?"
_RUNS = f"INSERT INTO runs ({RUN_COLUMNS}) VALUES {{rows}}"  # noqa: S608 - ours
_WAKE = """
UPDATE runs SET wake_at = min(coalesce(wake_at, ?3), ?3) WHERE tenant_id = ?1 AND run_id = ?2
"""
_POST = """
INSERT INTO inbox (tenant_id, run_id, key, command, actor, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""


def start(connection: sqlite3.Connection, births: Sequence[Birth], now: float) -> list[Started]:
    """Store the runs whose keys are new.

    Raises:
        Conflict: ``key_reused``.
    """
    started: list[Started] = []
    new: dict[tuple[str, str], Birth] = {}
    for birth in births:
        run = birth.run
        place = (run.tenant_id, f"key {run.key}" if run.key else f"run {run.run_id}")
        earlier = new.get(place)
        if earlier is not None:
            found: tuple[str, str] | None = (earlier.run.run_id, earlier.run.fingerprint)
        elif run.key:
            found = connection.execute(_BY_KEY, (run.tenant_id, run.key)).fetchone()
        else:
            found = connection.execute(_BY_ID, (run.tenant_id, run.run_id)).fetchone()
        if found is None:
            new[place] = birth
            started.append(Started(run.run_id, True))
        elif found[1] != run.fingerprint:
            raise faults.key_reused(run.key or run.run_id)
        else:
            started.append(Started(type(run.run_id)(found[0]), False))
    _write(connection, list(new.values()), now)
    return started


def _write(connection: sqlite3.Connection, births: Sequence[Birth], now: float) -> None:
    batches.execute(connection, _RUNS, [birth.columns(now) for birth in births])
    contents.write_artifacts(
        connection, [(birth.run.tenant_id, birth.run.artifacts) for birth in births], now
    )
    changes = Changes()
    birth_changes(births, changes)
    contents.write_changes(connection, changes)
    contents.write_events(connection, [row for birth in births for row in birth.events])


def send(connection: sqlite3.Connection, post: Post, now: float) -> bool:
    """Wake the run, then put the message into its inbox; False when its key was there.

    Raises:
        Missing: ``run_unknown``.
    """
    if connection.execute(_WAKE, (post.tenant_id, post.run_id, now)).rowcount == 0:
        raise faults.run_unknown(post.run_id)
    row = (post.tenant_id, post.run_id, post.key, post.command, post.actor, now)
    return connection.execute(_POST, row).rowcount == 1
