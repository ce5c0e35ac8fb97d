"""DBOS: one workflow of 10 steps, or many workflows of 5 steps side by side, in one process.

Usage: dbos_runs.py --store sqlite|postgres --at ADDRESS --variant V [--wide N]

Without `--wide` it carries out one workflow for every line on its standard input.

Variants: `sync` (its threads), `async` (its coroutines), `queue` (all enqueued, one worker in this
process at the fastest polling). SQLite gets WAL and synchronous=FULL on an engine of our making,
which DBOS documents as `system_database_engine`: its own would use the slower rollback journal.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measuring import awaited_turns, rate, sample, setting, turns

STEPS, WIDE_STEPS = 10, 5
WARM = 3
POLLING = 0.001
POOL = 20


@DBOS.step()
def step(number: int) -> int:
    """Count."""
    return number + 1


@DBOS.workflow()
def chain(steps: int) -> int:
    """Take steps one after another."""
    number = 0
    for _ in range(steps):
        number = step(number)
    return number


@DBOS.step()
async def step_async(number: int) -> int:
    """Count, as a coroutine."""
    return number + 1


@DBOS.workflow()
async def chain_async(steps: int) -> int:
    """Take steps one after another, as a coroutine."""
    number = 0
    for _ in range(steps):
        number = await step_async(number)
    return number


def sqlite_engine(path: str) -> sa.Engine:
    """Return an engine as DBOS makes it, in WAL mode and with synchronous=FULL."""
    engine = sa.create_engine(f"sqlite:///{path}", pool_size=POOL, max_overflow=0, pool_timeout=60)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            "busy_timeout=30000",
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    with engine.connect() as connection:
        for name in ("synchronous", "journal_mode"):
            setting(name, connection.exec_driver_sql(f"PRAGMA {name}").scalar())
    return engine


def configure(store: str, at: str) -> DBOSConfig:
    """Return the configuration for a store."""
    config: DBOSConfig = {
        "name": "bench",
        "log_level": "ERROR",
        "sys_db_pool_size": POOL,
        "notification_listener_polling_interval_sec": POLLING,
        "notification_coalesce_sec": POLLING,
    }
    if store == "sqlite":
        config["system_database_url"] = f"sqlite:///{at}"
        config["system_database_engine"] = sqlite_engine(at)
    else:
        config["system_database_url"] = at
        with sa.create_engine(at.replace("postgresql:", "postgresql+psycopg:")).connect() as one:
            for name in ("fsync", "synchronous_commit"):
                setting(name, one.exec_driver_sql(f"SHOW {name}").scalar())
    return config


def check(result: int, steps: int) -> None:
    """Refuse a workflow that did not do its steps."""
    if result != steps:
        raise RuntimeError(f"{result} instead of {steps} steps")


def one_by_one() -> None:
    """Carry out one workflow a turn, in this thread."""

    def one() -> float:
        begun = time.perf_counter()
        check(chain(STEPS), STEPS)
        return (time.perf_counter() - begun) * 1000 / STEPS

    for _ in range(WARM):
        one()
    for _ in turns():
        sample("step_ms", one())


def side_by_side(wide: int, *, queued: bool) -> None:
    """Carry out many workflows with its threads."""
    for _ in range(WARM):
        check(chain(WIDE_STEPS), WIDE_STEPS)
    if queued:
        queue = DBOS.register_queue("wide", polling_interval_sec=POLLING)
        time.sleep(1.5)  # its manager looks for new queues once a second
    with rate(wide * WIDE_STEPS):
        if queued:
            handles = [queue.enqueue(chain, WIDE_STEPS) for _ in range(wide)]
        else:
            handles = [DBOS.start_workflow(chain, WIDE_STEPS) for _ in range(wide)]
        for handle in handles:
            check(handle.get_result(polling_interval_sec=0.01), WIDE_STEPS)


async def one_by_one_async() -> None:
    """Carry out one workflow a turn, in the event loop."""

    async def one() -> float:
        begun = time.perf_counter()
        check(await chain_async(STEPS), STEPS)
        return (time.perf_counter() - begun) * 1000 / STEPS

    for _ in range(WARM):
        await one()
    async for _ in awaited_turns():
        sample("step_ms", await one())


async def side_by_side_async(wide: int) -> None:
    """Carry out many workflows with its coroutines."""
    for _ in range(WARM):
        check(await chain_async(WIDE_STEPS), WIDE_STEPS)

    async def one() -> None:
        handle = await DBOS.start_workflow_async(chain_async, WIDE_STEPS)
        check(await handle.get_result(polling_interval_sec=0.01), WIDE_STEPS)

    with rate(wide * WIDE_STEPS):
        await asyncio.gather(*(one() for _ in range(wide)))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--at", required=True)
    parser.add_argument("--variant", choices=("sync", "async", "queue"), required=True)
    parser.add_argument("--wide", type=int, default=0)
    asked = parser.parse_args()
    DBOS(config=configure(asked.store, asked.at))
    DBOS.launch()
    try:
        if asked.variant == "async":
            asyncio.run(side_by_side_async(asked.wide) if asked.wide else one_by_one_async())
        elif asked.wide:
            side_by_side(asked.wide, queued=asked.variant == "queue")
        else:
            one_by_one()
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main()
