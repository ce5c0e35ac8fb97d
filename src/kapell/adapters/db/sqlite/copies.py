"""Copies of a SQLite file that are whole although somebody writes."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from kapell.adapters.db.sqlite.connections import connect, translated
from kapell.kit.errors import Conflict, Missing

_FREE = "UPDATE runs SET owner = NULL, wake_at = ? WHERE owner IS NOT NULL"


async def copy(path: str, target: Path) -> None:
    """Copy the file at ``path`` to ``target`` with SQLite's online backup."""
    await asyncio.to_thread(_copy, path, target)


async def bring_back(source: Path, path: str) -> None:
    """Copy a backup to where no store is yet.

    Raises:
        Conflict: ``restore_not_empty``.
    """
    await asyncio.to_thread(_bring_back, source, Path(path))


def _bring_back(source: Path, target: Path) -> None:
    if target.exists():
        raise Conflict(
            f"{target} is there already.",
            code="restore_not_empty",
            advice="Move it away first, or name another store.",
        )
    _copy(str(source), target)
    with translated(), closing(connect(str(target))) as connection:
        # Owners are processes of then: their runs are due now.
        connection.execute("DELETE FROM workers")
        connection.execute(_FREE, (time.time(),))


def _copy(path: str, target: Path) -> None:
    if not Path(path).exists():
        raise Missing(f"There is no store {path}.", code="store_missing", advice="Check the path.")
    with (
        translated(),
        closing(connect(path, readonly=True)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        source.backup(copied)
