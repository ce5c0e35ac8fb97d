"""Kapell: `for_each` over more and more items: time, memory and database work must grow linearly.

Every size has a process of its own, so that its memory can be told.

Usage: kapell_items.py --at FILE --folder FOLDER [--most N]
"""

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import opened, working
from measuring import peak_mb, sample

from kapell.bootstrap.app import App
from kapell.core.runs.fold import fold
from kapell.core.runs.state import FOLD
from kapell.kit.ids import RunId
from kapell.services.runs.advancing import snapshots
from kapell.services.runs.ports import Claim

SIZES = (1_000, 2_500, 5_000, 10_000)
WORKFLOW = """\
name: items
description: One step an item.
inputs: {rows: {type: array}}
steps:
  - id: each
    for_each: "{{ inputs.rows }}"
    as: row
    concurrency: 64
    tool: test.noop
    with: {n: "{{ row }}"}
"""


class Counting(sqlite3.Connection):
    """A connection that counts its statements and the time they take, commits left out."""

    statements = 0
    seconds = 0.0

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Count and execute."""
        begun = time.perf_counter()
        try:
            return super().execute(sql, parameters)
        finally:
            if sql != "COMMIT":
                Counting.seconds += time.perf_counter() - begun
            Counting.statements += 1

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        """Count and execute."""
        begun = time.perf_counter()
        try:
            return super().executemany(sql, parameters)
        finally:
            Counting.seconds += time.perf_counter() - begun
            Counting.statements += 1


def counting(connect: Any) -> Any:
    """Return a function that opens counting connections."""

    def connected(*places: Any, **names: Any) -> Any:
        return connect(*places, **{**names, "factory": Counting})

    return connected


async def taken_up(app: App, run: RunId, fold_of: str) -> float:
    """Return the milliseconds until a worker that claims the run knows its state.

    ``fold_of`` names the snapshots it may use; with a name that none has it reads the whole log.
    """
    begun = time.perf_counter()
    summary = await app.reader.run(app.tenant, run)
    history = await app.store.log.load(app.tenant, run, fold_of)
    claim = Claim(
        tenant_id=app.tenant,
        run_id=run,
        workflow=summary.workflow,
        version=summary.version,
        epoch=1,
        seq=summary.seq,
        takeovers=0,
        status=summary.status,
    )
    state = None if history.snapshot is None else snapshots.opened(history.snapshot, claim)
    fold(await app.versions.program(app.tenant, summary.version), history.events, state)
    return (time.perf_counter() - begun) * 1000


async def measure(at: Path, items: int) -> None:
    """Carry out one run and print what it cost, as one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = opened(str(at), Path(folder), {"items": WORKFLOW})
        async with workspace as app, working(app) as (_, ends):
            await ends.succeeded((await app.starter.start("items", {"rows": [1, 2]})).run_id)
            Counting.statements, Counting.seconds = 0, 0.0
            begun, spent = time.perf_counter(), time.process_time()
            started = await app.starter.start("items", {"rows": list(range(items))})
            await ends.succeeded(started.run_id)
            seconds, processor = time.perf_counter() - begun, time.process_time() - spent
            peak, statements, database = peak_mb(), Counting.statements, Counting.seconds
            opening = [await taken_up(app, started.run_id, fold) for fold in (FOLD, "none")]
    cost = {
        "item_ms": seconds * 1000 / items,
        "item_cpu_ms": processor * 1000 / items,
        "peak_mb": peak,
        "item_queries": statements / items,
        "item_database_ms": database * 1000 / items,
        "open_ms": opening[0],
        "replay_ms": opening[1],
    }
    sys.stdout.write(json.dumps(cost) + "\n")


def child(folder: Path, items: int) -> dict[str, float]:
    """Return what a run over so many items cost, in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, __file__, "--at", str(folder / f"{items}.db"), "--items", str(items)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{items} items: {done.stderr.strip()[-400:]}")
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


def compare(folder: Path, sizes: Sequence[int]) -> None:
    """Measure all sizes and how they grow."""
    costs = {size: child(folder, size) for size in sizes}
    for size, cost in costs.items():
        for name, value in cost.items():
            sample(f"{name}_{size}", value)
    small, large = costs[sizes[0]], costs[sizes[-1]]
    sample("time_growth", large["item_ms"] / small["item_ms"])
    sample("query_growth", large["item_queries"] / small["item_queries"])
    sample("database_growth", large["item_database_ms"] / small["item_database_ms"])


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", type=Path, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--items", type=int, default=0)
    asked = parser.parse_args()
    if asked.items:
        sqlite3.connect = counting(sqlite3.connect)
        asyncio.run(measure(asked.at, asked.items))
        return
    compare(asked.folder, [size for size in SIZES if size <= asked.most])


if __name__ == "__main__":
    main()
