"""LangGraph: one run of 10 steps, or many runs of 5 steps side by side, on a saver of its own.

Every step is a graph node that returns a number; `durability="sync"` writes the checkpoint of a
step before the next begins, which is what the other contestants do for every step.

Usage: langgraph_runs.py --store sqlite|postgres --at ADDRESS --variant V [--wide N]

Without `--wide` it carries out one run for every line on its standard input.

Variants: `sync` (threads), `async` (one event loop), on Postgres also `pipeline` (one connection in
pipeline mode).
"""

import argparse
import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, TypedDict

import aiosqlite
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measuring import awaited_turns, rate, sample, setting, turns

STEPS, WIDE_STEPS = 10, 5
WARM = 3
THREADS = 16
POOL = 16
OPTIONS: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}


class Numbers(TypedDict):
    """The state of a run: one number."""

    n: int


def graph(steps: int, saver: Any, *, coroutines: bool) -> Any:
    """Return a compiled chain of steps that only count."""

    def step(state: Numbers) -> Numbers:
        return {"n": state["n"] + 1}

    async def step_async(state: Numbers) -> Numbers:
        return {"n": state["n"] + 1}

    builder = StateGraph(Numbers)
    names = [f"s{number}" for number in range(steps)]
    for name in names:
        builder.add_node(name, step_async if coroutines else step)
    for one, other in zip([START, *names], [*names, END], strict=True):
        builder.add_edge(one, other)
    return builder.compile(checkpointer=saver)


def thread(name: str) -> dict[str, Any]:
    """Return the configuration that names a run."""
    return {"configurable": {"thread_id": name}}


@contextmanager
def saver(store: str, at: str, variant: str) -> Iterator[Any]:
    """Yield a saver on connections whose durability was set and read back."""
    if store == "sqlite":
        with closing(sqlite3.connect(at, check_same_thread=False)) as connection:
            made = SqliteSaver(connection)
            made.setup()
            connection.execute("PRAGMA synchronous=FULL")
            setting("synchronous", connection.execute("PRAGMA synchronous").fetchone()[0])
            setting("journal_mode", connection.execute("PRAGMA journal_mode").fetchone()[0])
            yield made
    elif variant == "pipeline":
        with PostgresSaver.from_conn_string(at) as first:
            first.setup()  # makes its indexes, which a pipeline cannot
        with PostgresSaver.from_conn_string(at, pipeline=True) as made:
            with made.conn.cursor() as cursor:
                for name in ("fsync", "synchronous_commit"):
                    setting(name, cursor.execute(f"SHOW {name}").fetchone()[name])
            yield made
    else:
        with ConnectionPool(at, min_size=POOL, max_size=POOL, kwargs=OPTIONS) as pool:
            made = PostgresSaver(pool)
            made.setup()
            with pool.connection() as connection:
                for name in ("fsync", "synchronous_commit"):
                    setting(name, connection.execute(f"SHOW {name}").fetchone()[name])
            yield made


@asynccontextmanager
async def async_saver(store: str, at: str) -> AsyncIterator[Any]:
    """Yield an asynchronous saver, its durability set and read back."""
    if store == "sqlite":
        async with aiosqlite.connect(at) as connection:
            made = AsyncSqliteSaver(connection)
            await made.setup()
            await connection.execute("PRAGMA synchronous=FULL")
            for name in ("synchronous", "journal_mode"):
                async with connection.execute(f"PRAGMA {name}") as cursor:
                    setting(name, (await cursor.fetchone())[0])
            yield made
        return
    pool = AsyncConnectionPool(at, min_size=POOL, max_size=POOL, kwargs=OPTIONS, open=False)
    async with pool:
        made = AsyncPostgresSaver(pool)
        await made.setup()
        async with pool.connection() as connection:
            for name in ("fsync", "synchronous_commit"):
                cursor = await connection.execute(f"SHOW {name}")
                setting(name, (await cursor.fetchone())[name])
        yield made


def check(result: Numbers, steps: int) -> None:
    """Refuse a run that did not do its steps."""
    if result["n"] != steps:
        raise RuntimeError(f"{result} instead of {steps} steps")


def one_by_one(made: Any) -> None:
    """Carry out one run a turn, in this thread."""
    compiled = graph(STEPS, made, coroutines=False)

    def one(name: str) -> float:
        begun = time.perf_counter()
        check(compiled.invoke({"n": 0}, thread(name), durability="sync"), STEPS)
        return (time.perf_counter() - begun) * 1000 / STEPS

    for number in range(WARM):
        one(f"warm-{number}")
    for number, _ in enumerate(turns()):
        sample("step_ms", one(f"one-{number}"))


def side_by_side(made: Any, wide: int) -> None:
    """Carry out many runs with threads."""
    compiled = graph(WIDE_STEPS, made, coroutines=False)

    def one(number: int) -> None:
        result = compiled.invoke({"n": 0}, thread(f"wide-{number}"), durability="sync")
        check(result, WIDE_STEPS)

    for number in range(WARM):
        one(-number - 1)
    with ThreadPoolExecutor(THREADS) as threads, rate(wide * WIDE_STEPS):
        list(threads.map(one, range(wide)))


async def one_by_one_async(made: Any) -> None:
    """Carry out one run a turn, in the event loop."""
    compiled = graph(STEPS, made, coroutines=True)

    async def one(name: str) -> float:
        begun = time.perf_counter()
        check(await compiled.ainvoke({"n": 0}, thread(name), durability="sync"), STEPS)
        return (time.perf_counter() - begun) * 1000 / STEPS

    for number in range(WARM):
        await one(f"warm-{number}")
    number = 0
    async for _ in awaited_turns():
        sample("step_ms", await one(f"one-{number}"))
        number += 1


async def side_by_side_async(made: Any, wide: int) -> None:
    """Carry out many runs in the event loop."""
    compiled = graph(WIDE_STEPS, made, coroutines=True)

    async def one(number: int) -> None:
        result = await compiled.ainvoke({"n": 0}, thread(f"wide-{number}"), durability="sync")
        check(result, WIDE_STEPS)

    for number in range(WARM):
        await one(-number - 1)
    with rate(wide * WIDE_STEPS):
        await asyncio.gather(*(one(number) for number in range(wide)))


async def measure_async(store: str, at: str, wide: int) -> None:
    """Measure in one event loop."""
    async with async_saver(store, at) as made:
        if wide:
            await side_by_side_async(made, wide)
        else:
            await one_by_one_async(made)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--at", required=True)
    parser.add_argument("--variant", choices=("sync", "async", "pipeline"), required=True)
    parser.add_argument("--wide", type=int, default=0)
    asked = parser.parse_args()
    if asked.variant == "async":
        asyncio.run(measure_async(asked.store, asked.at, asked.wide))
        return
    with saver(asked.store, asked.at, asked.variant) as made:
        if asked.wide:
            side_by_side(made, asked.wide)
        else:
            one_by_one(made)


if __name__ == "__main__":
    main()
