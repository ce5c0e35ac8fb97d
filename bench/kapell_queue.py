"""Kapell: from starting a run to its first step on a separate worker; from a command to its event.

Usage: kapell_queue.py --at ADDRESS --folder FOLDER [--count N]
"""

import argparse
import asyncio
import random
from pathlib import Path

from engine import opened, prepare
from measuring import Stamps, sample, stamp
from workers import start

from kapell.bootstrap.app import App

FIRST = """\
name: first
description: One step that tells when it runs.
inputs: {name: {type: string}}
steps:
  - {id: first, tool: bench.stamp, with: {name: "{{ inputs.name }}"}}
"""


def live(count: int) -> str:
    """Return a workflow that has a step under way while it waits for signals."""
    lines = [
        "name: live",
        "description: Hears signals while a step of it runs.",
        "steps:",
        "  - {id: hold, tool: bench.stamp, with: {name: hold, rest: 600}, timeout: 20m}",
        "  - {id: w0, depends_on: [], wait: {signal: go}}",
    ]
    lines += [f"  - {{id: w{number}, wait: {{signal: go}}}}" for number in range(1, count)]
    return "\n".join(lines) + "\n"


async def measure(app: App, stamps: Stamps, count: int) -> None:
    """Start and send at random moments, one at a time, on an otherwise idle worker."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for number in range(-5, count):
        await asyncio.sleep(chance.uniform(0.02, 0.06))
        begun = stamp()
        started = await app.starter.start("first", {"name": f"{number}"})
        at = await asyncio.to_thread(stamps.wait, f"step:{number}:first#1/1", 30)
        if number >= 0:
            sample("first_step_ms", (at - begun) * 1000)
    started = await app.starter.start("live", {})
    await asyncio.to_thread(stamps.wait, "step:hold:hold#1/1", 30)
    for number in range(count):
        await asyncio.sleep(chance.uniform(0.02, 0.06))
        begun = stamp()
        await app.teller.signal(started.run_id, "go", number, key=f"m{number}")
        at = await asyncio.to_thread(stamps.wait, f"heard:m{number}", 30)
        sample("command_ms", (at - begun) * 1000)


async def run(at: str, folder: Path, count: int) -> None:
    """Measure with one worker."""
    await prepare(at)
    path = folder / "stamps"
    workflows = {"first": FIRST, "live": live(count + 1)}
    async with opened(at, folder, workflows, Stamps(path)) as app:
        process = await asyncio.to_thread(start, at, folder, path)
        try:
            await measure(app, Stamps(path), count)
        finally:
            process.kill()  # a step of the live run would make it wait
            await asyncio.to_thread(process.wait)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=150)
    asked = parser.parse_args()
    asyncio.run(run(asked.at, asked.folder, asked.count))


if __name__ == "__main__":
    main()
