"""The databases tests are given are real, empty and their own."""

import sqlite3
from pathlib import Path

import asyncpg


async def _make_table(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE TABLE mine (id int)")
        return int(await connection.fetchval("SELECT current_setting('server_version_num')::int"))
    finally:
        await connection.close()


async def test_postgres_is_real(postgres_dsn: str) -> None:
    assert await _make_table(postgres_dsn) >= 180000


async def test_each_test_has_its_own_postgres_database(postgres_dsn: str) -> None:
    # The same table again: it would exist already if the database were shared.
    assert await _make_table(postgres_dsn) >= 180000


def test_sqlite_starts_from_nothing(sqlite_path: Path) -> None:
    assert not sqlite_path.exists()
    with sqlite3.connect(sqlite_path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
