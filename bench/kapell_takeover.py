"""Kapell: a worker is killed with SIGKILL while it advances runs; another one goes on.

Usage: kapell_takeover.py --at ADDRESS --folder FOLDER [--kills N] [--runs N]

`next_step_s` is, for every run the killed worker held, the time from the kill to the next step
running on another worker. `done_twice` counts steps whose result was recorded before the kill and
that ran again; `under_way_twice` those that had begun without result: they are made again by
design, under the same idempotency key.
"""

import argparse
import asyncio
import time
from pathlib import Path

from engine import opened, prepare
from measuring import Stamps, sample, stamp
from workers import end, start

from kapell.bootstrap.app import App
from kapell.core.events.tool import ToolReturned
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId

STEPS = 25
REST = 0.1
WORKFLOW = "\n".join(
    [
        "name: slow",
        "description: Steps that rest a little.",
        "inputs: {name: {type: string}}",
        "steps:",
        *(
            f"  - {{id: s{number}, tool: bench.stamp, "
            f'with: {{name: "{{{{ inputs.name }}}}", rest: {REST}}}}}'
            for number in range(STEPS)
        ),
        "",
    ]
)


async def all_ended(app: App, runs: list[RunId], seconds: float) -> None:
    """Return when all runs have succeeded.

    Raises:
        RuntimeError: one of them did not in time.
    """
    until = time.monotonic() + seconds
    for run in runs:
        while (await app.reader.run(app.tenant, run)).status is not RunStatus.SUCCEEDED:
            if time.monotonic() > until:
                raise RuntimeError(f"run {run} did not end after the takeover")
            await asyncio.sleep(0.1)


async def recorded(app: App, run: RunId) -> list[tuple[str, str]]:
    """Return the attempts whose result was recorded, and by whom."""
    found: list[tuple[str, str]] = []
    after = 0
    while events := await app.reader.events(app.tenant, run, after):
        after = events[-1].seq
        found += [
            (event.payload.call.partition("/")[0], event.actor)
            for event in events
            if isinstance(event.payload, ToolReturned)
        ]
    return found


def resumed(stamps: list[tuple[float, int, str]], name: str, killed: int, at: float) -> float:
    """Return the seconds from the kill to the run's next step on another worker.

    Raises:
        RuntimeError: no other worker took it.
    """
    for when, pid, what in stamps:
        if pid != killed and when > at and what.startswith(f"step:{name}:"):
            return when - at
    raise RuntimeError(f"{name} was not taken over")


async def one_kill(app: App, at: str, folder: Path, number: int, count: int) -> None:
    """Let a worker begin runs, start another, kill the first, and look what became of them."""
    path = folder / f"stamps-{number}"
    stamps = Stamps(path)
    names = [f"r{number}x{one}" for one in range(count)]
    first = await asyncio.to_thread(start, at, folder, path)
    other = None
    try:
        gate = folder / f"gate-{number}"
        other = await asyncio.to_thread(start, at, folder, path, gate)
        runs = [(await app.starter.start("slow", {"name": name})).run_id for name in names]
        for name in names:
            await asyncio.to_thread(stamps.wait, f"step:{name}:s4#1/1", 30)
        gate.touch()
        await asyncio.to_thread(stamps.wait, f"working:{other.pid}", 30)
        first.kill()
        killed = stamp()
        await asyncio.to_thread(first.wait)
        await all_ended(app, runs, 60)
    finally:
        end(first)
        if other is not None:
            end(other)
    found = stamps.read()
    for name, run in zip(names, runs, strict=True):
        sample("next_step_s", resumed(found, name, first.pid, killed))
        results = await recorded(app, run)
        tried = [
            (pid, what.rpartition(":")[2].partition("/")[0])
            for _, pid, what in found
            if what.startswith(f"step:{name}:")
        ]
        before = {attempt for attempt, actor in results if f"-{first.pid}-" in actor}
        after = [attempt for pid, attempt in tried if pid != first.pid]
        sample("done_twice", sum(attempt in before for attempt in after))
        begun = {attempt for pid, attempt in tried if pid == first.pid}
        sample("under_way_twice", sum(attempt in begun - before for attempt in after))
        if len(results) != STEPS or len({attempt for attempt, _ in results}) != STEPS:
            raise RuntimeError(f"{name} has {len(results)} results for {STEPS} steps")


async def run(at: str, folder: Path, kills: int, count: int) -> None:
    """Measure one kill after another."""
    await prepare(at)
    tools = Stamps(folder / "unused")
    async with opened(at, folder, {"slow": WORKFLOW}, tools) as app:
        for number in range(kills):
            await one_kill(app, at, folder, number, count)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--runs", type=int, default=10)
    asked = parser.parse_args()
    asyncio.run(run(asked.at, asked.folder, asked.kills, asked.runs))


if __name__ == "__main__":
    main()
