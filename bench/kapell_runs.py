"""Kapell: one run of 10 steps, or many runs of 5 steps side by side, in one process.

Every step is the tool `test.noop`: an effect whose result is durable before the next step begins.

Usage: kapell_runs.py --store sqlite|postgres --at ADDRESS [--wide N]

Without `--wide` it carries out one run for every line on its standard input.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from engine import Ends, chain, opened, prepare, working
from measuring import awaited_turns, rate, sample, setting

from kapell.bootstrap.app import App

STEPS, WIDE_STEPS = 10, 5
WARM = 3
WORKFLOWS = {
    "chain": chain("chain", STEPS),
    "wide": chain("wide", WIDE_STEPS),
    "sets": chain("sets", STEPS, "set: {n: 1}"),
}


async def one(app: App, ends: Ends, workflow: str) -> float:
    """Carry out one run and return its milliseconds."""
    begun = time.perf_counter()
    started = await app.starter.start(workflow, {})
    await ends.succeeded(started.run_id)
    return (time.perf_counter() - begun) * 1000


async def one_by_one(app: App, ends: Ends) -> None:
    """Carry out one run a turn."""
    for _ in range(WARM):
        await one(app, ends, "chain")
    async for _ in awaited_turns():
        sample("step_ms", await one(app, ends, "chain") / STEPS)
    for _ in range(WARM * 3):
        sample("set_step_ms", await one(app, ends, "sets") / STEPS)


async def side_by_side(app: App, ends: Ends, wide: int) -> None:
    """Carry out many runs at once."""
    for _ in range(WARM):
        await one(app, ends, "wide")
    with rate(wide * WIDE_STEPS):
        await asyncio.gather(*(one(app, ends, "wide") for _ in range(wide)))


async def measure(at: str, wide: int) -> None:
    """Measure on one store."""
    await prepare(at)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(at, Path(folder), WORKFLOWS) as app, working(app) as (_, ends):
            if wide:
                await side_by_side(app, ends, wide)
            else:
                await one_by_one(app, ends)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--at", required=True)
    parser.add_argument("--wide", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.at, asked.wide))
    if asked.store == "sqlite":
        with closing(sqlite3.connect(asked.at)) as connection:
            setting("journal_mode", connection.execute("PRAGMA journal_mode").fetchone()[0])


if __name__ == "__main__":
    main()
