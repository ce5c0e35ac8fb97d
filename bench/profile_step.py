"""Where the time of one of our steps goes: timers around the parts of a run that runs alone.

With one run at a time everything happens one after another, so the parts add up to the whole; what
no timer saw is the event loop and the rest. The timers cost a few microseconds a step themselves.

Usage: profile_step.py --at ADDRESS --folder FOLDER [--runs N] [--stacks FILE]

`--stacks` also writes a cProfile of 500 runs side by side on SQLite, for `python -m pstats`.
"""

import argparse
import asyncio
import cProfile
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
from engine import Ends, chain, opened, prepare, working
from measuring import note, sample

from kapell.adapters.db.postgres import calls as postgres_calls
from kapell.adapters.db.postgres import log as postgres_log
from kapell.adapters.db.postgres import writer as postgres_writer
from kapell.adapters.db.sqlite import log as sqlite_log
from kapell.adapters.db.sqlite.writing import writer as sqlite_writer
from kapell.bootstrap.app import App
from kapell.core.runs.decide import thinking
from kapell.services.runs.advancing import owner
from kapell.services.runs.advancing.effects import Effects

STEPS = 10
WIDE, WIDE_STEPS = 500, 5


class Timers:
    """Sums of seconds by name; a patched function adds its own."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a timer around it."""

        def timed(*values: Any, **names: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*values, **names)
            finally:
                self.spent[name] += time.perf_counter() - begun

        return timed

    def awaited(
        self, name: str, function: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """Return the coroutine function with a timer around it."""

        async def timed(*values: Any, **names: Any) -> Any:
            begun = time.perf_counter()
            try:
                return await function(*values, **names)
            finally:
                self.spent[name] += time.perf_counter() - begun
                self.calls[name] += 1

        return timed


def install(timers: Timers) -> None:
    """Put timers around the parts, wherever their callers look them up."""
    places: tuple[tuple[Any, str, str], ...] = (
        (owner, "decide", "decide"),
        (thinking, "evolve", "evolve"),
        (owner, "enveloped", "events"),
        (owner, "changes_of", "events"),
        (owner, "row_of", "events"),
        (sqlite_log, "decision", "encode"),
        (postgres_log, "decision", "encode"),
        (sqlite_writer, "append", "execute"),
        (postgres_calls, "_arrays", "arrays"),
    )
    for module, name, part in places:
        setattr(module, name, timers.around(part, getattr(module, name)))
    coroutines: tuple[tuple[Any, str, str], ...] = (
        (sqlite_log.SqliteLog, "append", "append"),
        (postgres_log.PostgresLog, "append", "append"),
        (postgres_writer, "commit", "call"),
        (Effects, "carry_out", "effect"),
        (owner.RunOwner, "_load", "load"),
        *((asyncpg.Connection, name, "asked") for name in ("fetch", "fetchrow", "fetchval")),
        *((asyncpg.Connection, name, "asked") for name in ("execute", "executemany")),
    )
    for module, name, part in coroutines:
        setattr(module, name, timers.awaited(part, getattr(module, name)))
    sqlite3.connect = committing(sqlite3.connect, timers)


def committing(connect: Any, timers: Timers) -> Any:
    """Return a function that opens connections whose commits are timed."""

    class Timed(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if sql not in ("COMMIT", "BEGIN IMMEDIATE"):
                return super().execute(sql, parameters)
            begun = time.perf_counter()
            try:
                return super().execute(sql, parameters)
            finally:
                timers.spent["commit"] += time.perf_counter() - begun
                timers.calls["commit"] += sql == "COMMIT"

    def connected(*values: Any, **names: Any) -> Any:
        return connect(*values, **{**names, "factory": Timed})

    return connected


def parts(store: str, spent: Counter[str], whole: float) -> dict[str, float]:
    """Return the seconds of every part; nested timers are taken out of those around them."""
    found = {
        "decide, without evolve": spent["decide"] - spent["evolve"],
        "evolve": spent["evolve"],
        "events and rows of a decision": spent["events"],
        "encode events": spent["encode"],
        "tool call, through its door": spent["effect"],
        "begin the run: insert": spent["start"],
        "begin the run: load": spent["load"],
    }
    if store == "sqlite":
        inner = spent["execute"] + spent["commit"]
        found["SQLite: statements"] = spent["execute"]
        found["SQLite: begin and commit (fsync)"] = spent["commit"]
        found["hand over to the writer and back"] = spent["append"] - spent["encode"] - inner
    else:
        found["Postgres: round trip with commit"] = spent["call"] - spent["arrays"]
        found["arrays for Postgres"] = spent["arrays"]
        found["hand over to the writer and back"] = (
            spent["append"] - spent["encode"] - spent["call"]
        )
    found["event loop, claims, everything else"] = whole - sum(found.values())
    return found


async def measure(timers: Timers, store: str, at: str, folder: Path, runs: int) -> None:
    """Profile one run after another on one store."""
    counts: list[int] = []
    async with (
        opened(at, folder, {"chain": chain("chain", STEPS)}) as app,
        working(app) as (_, ends),
    ):
        for number in range(-3, runs):
            timers.spent.clear()
            timers.calls.clear()
            begun = time.perf_counter()
            started = await app.starter.start("chain", {})
            timers.spent["start"] = time.perf_counter() - begun
            # What the timers saw of the insert itself belongs to it.
            for name in ("encode", "execute", "commit", "call", "arrays", "append"):
                timers.spent[name] = 0
            await ends.succeeded(started.run_id)
            whole = time.perf_counter() - begun
            if number >= 0:
                for name, seconds in parts(store, timers.spent, whole).items():
                    sample(f"{store}:{name}", max(seconds, 0) * 1e6 / STEPS)
                asked = timers.calls["commit" if store == "sqlite" else "asked"]
                counts.append(asked)

    unit = "commits" if store == "sqlite" else "calls of the server, heartbeats included"
    note(f"{store}: a run of {STEPS} steps takes {statistics.median(counts):g} {unit}")


async def side_by_side(app: App, ends: Ends) -> None:
    """Carry out many runs at once."""
    started = await asyncio.gather(*(app.starter.start("wide", {}) for _ in range(WIDE)))
    for one in started:
        await ends.succeeded(one.run_id)


async def stacks(at: str, folder: Path, file: Path) -> None:
    """Write a cProfile of many runs, as the event loop's thread sees them."""
    workflows = {"wide": chain("wide", WIDE_STEPS)}
    async with opened(at, folder, workflows) as app, working(app) as (_, ends):
        profile = cProfile.Profile()
        begun, spent = time.perf_counter(), time.process_time()
        profile.enable()
        await side_by_side(app, ends)
        profile.disable()
        steps = WIDE * WIDE_STEPS
        seconds, processor = time.perf_counter() - begun, time.process_time() - spent
        note(
            f"under cProfile: {steps / seconds:,.0f} steps/s, {processor * 1e6 / steps:.0f} us CPU"
        )
        profile.dump_stats(file)


def main() -> None:
    """Profile both stores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--stacks", type=Path)
    asked = parser.parse_args()
    if asked.stacks is not None:
        asyncio.run(stacks(str(asked.folder / "stacks.db"), asked.folder, asked.stacks))
        return
    asyncio.run(prepare(asked.at))
    timers = Timers()
    install(timers)
    stores = (("sqlite", str(asked.folder / "profile.db")), ("postgres", asked.at))
    for store, at in stores:
        asyncio.run(measure(timers, store, at, asked.folder, asked.runs))


if __name__ == "__main__":
    main()
