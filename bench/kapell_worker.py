"""Kapell: a worker process of its own with the defaults of `kapell worker`.

Usage: kapell_worker.py --at ADDRESS --workspace FOLDER --stamps FILE [--gate FILE]

It stamps what its steps do, and every event that a command led to, after it is durable.
"""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from engine import opened
from measuring import Stamps

from kapell.bootstrap.serving import settle_memory
from kapell.core.events.envelope import Event
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.ids import RunId


def wait_for(gate: Path) -> None:
    """Return when the file exists."""
    while not gate.exists():
        time.sleep(0.02)


async def work(at: str, workspace: Path, stamps: Stamps, gate: Path | None) -> None:
    """Work until told to stop."""

    def observe(run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
        del run, state, program
        for event in events:
            if event.causation_id.startswith("command:") and event.type == "signal.received":
                stamps.add(f"heard:{event.causation_id.rpartition(':')[2]}")

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with opened(at, workspace, {}, stamps) as app:
        worker = app.worker()
        settle_memory()
        worker.desk.observers.append(observe)
        if gate is not None:
            stamps.add("ready")
            await asyncio.to_thread(wait_for, gate)
        working = asyncio.create_task(worker.run(stop))
        await asyncio.sleep(0.3)
        stamps.add("ready" if gate is None else f"working:{os.getpid()}")
        await working


def main() -> None:
    """Work until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stamps", type=Path, required=True)
    parser.add_argument("--gate", type=Path, help="begin only when this file exists")
    asked = parser.parse_args()
    asyncio.run(work(asked.at, asked.workspace, Stamps(asked.stamps), asked.gate))


if __name__ == "__main__":
    main()
