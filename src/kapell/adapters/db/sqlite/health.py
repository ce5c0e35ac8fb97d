"""Looks a SQLite file over."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from kapell.adapters.db.schema.checking import QUERIES, RESTORE, Finding, finding
from kapell.adapters.db.schema.revision import VERSION_QUERY
from kapell.adapters.db.schema.revision import check as check_version
from kapell.adapters.db.sqlite.connections import connect, translated
from kapell.kit.errors import KapellError

SAFE_VERSION = (3, 51, 3)
"""Below it, a checkpoint of one process may meet a write of another at a bad moment."""

_LIVE_WORKERS = "SELECT count(*) FROM workers WHERE lease_until > ?"


async def check(path: str) -> tuple[Finding, ...]:
    """Return what is well and what is not."""
    return await asyncio.to_thread(_check, path)


async def current(path: str) -> bool:
    """Tell whether there is a store of this release's schema; nothing else is looked at."""
    return await asyncio.to_thread(_current, path)


def _current(path: str) -> bool:
    if not Path(path).exists():
        return False
    try:
        with closing(connect(path, readonly=True)) as connection:
            return _schema(connection).ok
    except (KapellError, sqlite3.Error):
        return False


def _check(path: str) -> tuple[Finding, ...]:
    if not Path(path).exists():
        advice = "It is made when the first run starts."
        return (Finding(name="file", ok=True, detail=f"{path} is not there yet", advice=advice),)
    found: list[Finding] = []
    try:
        with closing(connect(path, readonly=True)) as connection:
            found.append(_integrity(connection))
            found.append(_schema(connection))
            if found[-1].ok:
                found += [_asked(connection, name, sql) for name, sql in QUERIES.items()]
                found.append(_library(connection))
    except KapellError as error:
        found.append(Finding(name="file", ok=False, detail=error.message, advice=error.advice))
    return tuple(found)


def _integrity(connection: sqlite3.Connection) -> Finding:
    with translated():
        rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    if rows == ["ok"]:
        return Finding(name="file", ok=True)
    return Finding(name="file", ok=False, detail="; ".join(rows), advice=RESTORE)


def _schema(connection: sqlite3.Connection) -> Finding:
    try:
        row = connection.execute(VERSION_QUERY).fetchone()
        check_version(str(row[0]) if row else "")
    except sqlite3.OperationalError:
        return Finding(name="schema", ok=False, detail="not a store of Kapell")
    except KapellError as error:
        return Finding(name="schema", ok=False, detail=error.message, advice=error.advice)
    return Finding(name="schema", ok=True, detail=str(row[0]))


def _asked(connection: sqlite3.Connection, name: str, sql: str) -> Finding:
    with translated():
        return finding(name, [str(row[0]) for row in connection.execute(sql)])


def _library(connection: sqlite3.Connection) -> Finding:
    workers = connection.execute(_LIVE_WORKERS, (time.time(),)).fetchone()[0]
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_VERSION or workers < 2:
        return Finding(name="SQLite library", ok=True, detail=version)
    return Finding(
        name="SQLite library",
        ok=False,
        detail=f"{version}, and {workers} workers write to this file",
        advice="Run one worker process, use a Python with SQLite 3.51.3 or newer, or Postgres.",
    )
