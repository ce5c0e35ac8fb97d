"""Kapell: many waiting runs, what they hold of a worker, and how soon one of them wakes.

Usage: kapell_waiting.py --at ADDRESS --folder FOLDER [--runs N] [--wakes N]
"""

import argparse
import asyncio
import random
import time
from pathlib import Path

import asyncpg
from engine import opened, prepare
from measuring import Stamps, resident_mb, sample, stamp
from workers import end, start

from kapell.bootstrap.app import App
from kapell.kit.ids import RunId

WARM = 200
SIDE_BY_SIDE = 200
WORKFLOW = """\
name: waits
description: Waits for a signal, then takes a step.
steps:
  - {id: ear, wait: {signal: go}}
  - {id: after, tool: bench.stamp}
"""
WAITING = "SELECT count(*) FROM runs WHERE status = 'waiting' AND owner IS NULL"
OWNED = "SELECT count(*) FROM runs WHERE owner IS NOT NULL"


async def begin(app: App, count: int) -> list[RunId]:
    """Start runs, so many at a time."""
    runs: list[RunId] = []
    for place in range(0, count, SIDE_BY_SIDE):
        many = min(SIDE_BY_SIDE, count - place)
        started = await asyncio.gather(*(app.starter.start("waits", {}) for _ in range(many)))
        runs += [one.run_id for one in started]
    return runs


async def all_waiting(connection: asyncpg.Connection, count: int, seconds: float) -> None:
    """Return when so many runs wait and nobody owns them.

    Raises:
        TimeoutError: they did not in time.
    """
    until = time.monotonic() + seconds
    while (found := await connection.fetchval(WAITING)) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{found} of {count} runs wait after {seconds} s")
        await asyncio.sleep(0.2)


async def measure(app: App, at: str, folder: Path, count: int, wakes: int) -> None:
    """Fill a worker's store with waiting runs, then wake some of them."""
    path = folder / "stamps"
    stamps = Stamps(path)
    connection = await asyncpg.connect(at)
    process = await asyncio.to_thread(start, at, folder, path)
    try:
        await begin(app, WARM)
        await all_waiting(connection, WARM, 60)
        await asyncio.sleep(2)
        before = resident_mb(process.pid)
        begun = time.perf_counter()
        runs = await begin(app, count)
        await all_waiting(connection, WARM + count, 240)
        sample("runs_parked_s", count / (time.perf_counter() - begun))
        await asyncio.sleep(2)
        sample("more_mb", resident_mb(process.pid) - before)
        sample("slots", await connection.fetchval(OWNED))
        chance = random.Random(7)  # noqa: S311 - no secret
        for run in chance.sample(runs, wakes):
            await asyncio.sleep(chance.uniform(0.01, 0.03))
            told = stamp()
            await app.teller.signal(run, "go")
            woken = await asyncio.to_thread(stamps.wait, f"step:{run}:after#1/1", 30)
            sample("wake_ms", (woken - told) * 1000)
    finally:
        end(process)
        await connection.close()


async def run(at: str, folder: Path, count: int, wakes: int) -> None:
    """Measure with one worker."""
    await prepare(at)
    async with opened(at, folder, {"waits": WORKFLOW}, Stamps(folder / "unused")) as app:
        await measure(app, at, folder, count, wakes)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--wakes", type=int, default=200)
    asked = parser.parse_args()
    asyncio.run(run(asked.at, asked.folder, asked.runs, asked.wakes))


if __name__ == "__main__":
    main()
