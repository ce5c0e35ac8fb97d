"""From handing a program to a sandbox to having its value: the smallest program there is.

Usage: sandbox_start.py --folder FOLDER --variant monty|bubblewrap [--count N]
"""

import argparse
import asyncio
import time
from pathlib import Path

from measuring import sample, setting

from kapell.adapters.sandbox.bubblewrap.sandbox import Bubblewrap
from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.services.sandbox.ports import Program, Sandbox

PROGRAM = Program(language="python", source="input['n'] + 1", input={"n": 1})
MADE: dict[str, type[Sandbox]] = {"monty": Monty, "bubblewrap": Bubblewrap}


async def measure(variant: str, count: int) -> None:
    """Run the program again and again, each time in a sandbox of its own."""
    sandbox = MADE[variant]()
    ready = await sandbox.readiness()
    if not ready.ok:
        raise SystemExit(f"{variant} does not work here: {ready.detail}")
    setting("sandbox", ready.detail)
    await sandbox.run(PROGRAM)  # the first one finds out what this machine has
    for _ in range(count):
        begun = time.perf_counter()
        execution = await sandbox.run(PROGRAM)
        sample("start_ms", (time.perf_counter() - begun) * 1000)
        if execution.result != 2:
            raise SystemExit(f"{variant} gave {execution}")
    await sandbox.close()


def main() -> None:
    """Measure one of the sandboxes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variant", choices=tuple(MADE), required=True)
    parser.add_argument("--count", type=int, default=50)
    asked = parser.parse_args()
    asyncio.run(measure(asked.variant, asked.count))


if __name__ == "__main__":
    main()
