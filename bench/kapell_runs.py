"""Kapell: one run of 10 steps, and 500 runs of 5 steps side by side, in one process.

Every step is the tool `test.noop`: an effect whose result is durable before the next step begins.

Usage: kapell_runs.py --store sqlite|postgres --at ADDRESS [--runs N] [--wide N]
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from engine import Ends, chain, opened, prepare, working
from measuring import rate, samples, setting

from kapell.bootstrap.app import App

STEPS, WIDE_STEPS = 10, 5
WORKFLOWS = {
    "chain": chain("chain", STEPS),
    "wide": chain("wide", WIDE_STEPS),
    "sets": chain("sets", STEPS, "set: {n: 1}"),
}


async def one_by_one(app: App, ends: Ends, workflow: str, runs: int) -> list[float]:
    """Return the milliseconds a step of a run that runs alone took."""
    times = []
    for number in range(-3, runs):
        begun = time.perf_counter()
        started = await app.starter.start(workflow, {})
        await ends.succeeded(started.run_id)
        if number >= 0:
            times.append((time.perf_counter() - begun) * 1000 / STEPS)
    return times


async def side_by_side(app: App, ends: Ends, wide: int) -> None:
    """Measure many runs at once."""

    async def one() -> None:
        started = await app.starter.start("wide", {})
        await ends.succeeded(started.run_id)

    with rate(wide * WIDE_STEPS):
        await asyncio.gather(*(one() for _ in range(wide)))


async def measure(at: str, runs: int, wide: int) -> None:
    """Measure everything on one store."""
    await prepare(at)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(at, Path(folder), WORKFLOWS) as app, working(app) as (_, ends):
            samples("step_ms", await one_by_one(app, ends, "chain", runs))
            await side_by_side(app, ends, wide)
            samples("set_step_ms", await one_by_one(app, ends, "sets", runs))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--at", required=True)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--wide", type=int, default=500)
    asked = parser.parse_args()
    asyncio.run(measure(asked.at, asked.runs, asked.wide))
    if asked.store == "sqlite":
        with closing(sqlite3.connect(asked.at)) as connection:
            setting("journal_mode", connection.execute("PRAGMA journal_mode").fetchone()[0])


if __name__ == "__main__":
    main()
