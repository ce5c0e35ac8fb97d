"""The raw floor of this disk and this server: what no engine that waits for both can beat.

Usage: floor.py --at ADDRESS --folder FOLDER [--count N]
"""

import argparse
import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import asyncpg
from measuring import samples, setting

ROW = "x" * 600
"""About what the events of one step weigh."""


def sqlite_commits(path: Path, count: int) -> list[float]:
    """Return the milliseconds of single inserts, each committed by itself in WAL/FULL."""
    times = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        setting("synchronous", connection.execute("PRAGMA synchronous").fetchone()[0])
        connection.execute("CREATE TABLE rows(id INTEGER PRIMARY KEY, body TEXT)")
        for _ in range(count):
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO rows(body) VALUES (?)", (ROW,))
            connection.execute("COMMIT")
            times.append((time.perf_counter() - begun) * 1000)
    return times


async def postgres_times(at: str, count: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of bare round trips, and of single committed inserts."""
    connection = await asyncpg.connect(at)
    trips, commits = [], []
    try:
        await connection.execute("CREATE TABLE rows(id bigserial PRIMARY KEY, body text)")
        for _ in range(count):
            begun = time.perf_counter()
            await connection.fetchval("SELECT 1")
            trips.append((time.perf_counter() - begun) * 1000)
            begun = time.perf_counter()
            await connection.execute("INSERT INTO rows(body) VALUES ($1)", ROW)
            commits.append((time.perf_counter() - begun) * 1000)
    finally:
        await connection.close()
    return trips, commits


def main() -> None:
    """Measure the floor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400)
    asked = parser.parse_args()
    samples("sqlite_commit_ms", sqlite_commits(asked.folder / "floor.db", asked.count))
    trips, commits = asyncio.run(postgres_times(asked.at, asked.count))
    samples("postgres_trip_ms", trips)
    samples("postgres_commit_ms", commits)


if __name__ == "__main__":
    main()
