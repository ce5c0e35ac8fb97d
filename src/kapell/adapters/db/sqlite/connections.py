"""Connections to a SQLite file, how its errors become ours, and how its schema begins."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kapell.adapters.db import faults
from kapell.adapters.db.migrations.frozen import everything
from kapell.adapters.db.schema.revision import VERSION_QUERY, check
from kapell.kit.errors import KapellError

BUSY_SECONDS = 5.0
_STATEMENTS = 256
"""Prepared statements kept a connection: the batches come in a few dozen sizes."""


def connect(path: str, *, full: bool = True, readonly: bool = False) -> sqlite3.Connection:
    """Open a connection that works in WAL and begins no transaction by itself.

    Raises:
        KapellError: ``store_unreachable``, ``store_broken`` or ``store_read_only``.
    """
    with translated():
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",) and not readonly:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
            if readonly:
                connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA cache_size=-16000")
        except BaseException:
            connection.close()
            raise
    return connection


def prepare_schema(connection: sqlite3.Connection, path: str) -> None:
    """Make the schema of an empty file, check the version of any other.

    Raises:
        KapellError: ``database_outdated``, ``database_newer`` or what the disk says.
    """
    with translated():
        if _is_empty(connection):
            connection.execute("BEGIN IMMEDIATE")
            try:
                if _is_empty(connection):
                    for statement in everything("sqlite"):
                        connection.execute(statement)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        found = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone()
        if found is None:
            raise faults.broken(f"{Path(path).name} holds tables of another program")
        row = connection.execute(VERSION_QUERY).fetchone()
        check(str(row[0]) if row else "")


def _is_empty(connection: sqlite3.Connection) -> bool:
    row: tuple[int] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return row[0] == 0


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's failures of the surroundings into errors of our tree."""
    try:
        yield
    except sqlite3.Error as error:
        found = surroundings(error)
        raise (found if found is not None else faults.failed(str(error))) from error


def surroundings(error: sqlite3.Error) -> KapellError | None:
    """Return our error when disk, file or locks are at fault; None when it is the data."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return faults.full()
        case sqlite3.SQLITE_READONLY:
            return faults.read_only()
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return faults.locked()
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return faults.broken(str(error))
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return faults.file_unreachable(str(error))
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_NOMEM | sqlite3.SQLITE_PROTOCOL:
            return faults.failed(str(error))
    return None
