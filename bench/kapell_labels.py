"""What trust labels cost: the machine with and without their bookkeeping, as a share of a step.

The machine decides and folds runs in memory, in turns as it is and with the bookkeeping taken out,
and writes their events as they are stored: a label that stands in one counts too. The difference is
set against a step of the same workflow that is durable in SQLite. Both are time of the processor:
a slow disk makes the share no smaller.

Usage: kapell_labels.py --at FILE --folder FOLDER [--count N]
"""

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import Ends, opened, working
from measuring import sample, setting

from kapell.bootstrap.app import App
from kapell.core.events.codec import dump
from kapell.core.runs import names
from kapell.core.runs.decide import scopes
from kapell.core.runs.decide.steps import begin, replies
from kapell.core.runs.decide.steps import calls as deciding
from kapell.core.runs.fold import calls, steps
from kapell.core.runs.program import Program
from kapell.core.workflows.version import Version
from kapell.testing.simulation import Simulation

STEPS = 20
WARM = 5
RUNS = 20
READS = 'with: {a: "{{ steps.s%d.output.a }}", b: "{{ inputs.n }}"}'
WORKFLOW = (
    "name: labelled\ninputs: {n: {type: integer, default: 1}}\nsteps:\n"
    "  - {id: s0, tool: test.noop, with: {a: 1}}\n"
    + "".join(
        f"  - {{id: s{number}, tool: test.noop, {READS % (number - 1)}}}\n"
        for number in range(1, STEPS)
    )
)

BOOKKEEPING: tuple[tuple[Any, str, Any], ...] = (
    (names.Names, "label_of", lambda *_: 0),
    (names.Names, "_note", lambda *_: None),
    (names.Names, "_note_step", lambda *_: None),
    (names.Names, "_label", lambda *_: 0),
    (names, "masks_of", lambda _: {}),
    (deciding, "argument_masks", lambda *_: {}),
    (deciding, "call_labels", lambda *_: {}),
    (replies, "result_label", lambda *_: 0),
    (begin, "_decided", lambda *_: 0),
    (scopes, "body_label", lambda *_: 0),
    (calls, "masks_of", lambda _: {}),
    (steps, "masks_of", lambda _: {}),
)
"""Where labels are worked out, and what stands there without them."""


@contextmanager
def without() -> Iterator[None]:
    """Let nothing be worked out while the block lasts."""
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in BOOKKEEPING]
    for owner, name, nothing in BOOKKEEPING:
        setattr(owner, name, nothing)
    yield
    for owner, name, function in kept:
        setattr(owner, name, function)


def decided(version: Version, program: Program) -> float:
    """Return the processor's milliseconds for deciding, folding and writing down a step."""
    made = Simulation(version, {"n": 1}, lambda _, args: args, labels={"n": ("user",)})
    made.program = made.carried.program = program
    begun = time.process_time()
    made.run()
    for event in made.events:
        dump(event.payload)
    return (time.process_time() - begun) * 1000 / STEPS


async def step(app: App, ends: Ends) -> float:
    """Return the processor's milliseconds for a whole step, durable before the next begins."""
    taken = []
    for number in range(RUNS + WARM):
        begun = time.process_time()
        run = await app.starter.start("labelled", {})
        await ends.succeeded(run.run_id)
        if number >= WARM:
            taken.append((time.process_time() - begun) * 1000 / STEPS)
    return statistics.median(taken)


async def measure(at: str, folder: Path, count: int) -> None:
    """Measure the share."""
    async with opened(at, folder, {"labelled": WORKFLOW}) as app, working(app) as (_, ends):
        whole = await step(app, ends)
        version = app.workspace.load_workflow("labelled").version
    setting("step_ms", round(whole, 3))
    program = Program(version)
    gc.disable()
    for number in range(count + WARM):
        with without():
            bare = decided(version, program)
        labelled = decided(version, program)
        gc.collect()
        if number >= WARM:
            sample("share_percent", (labelled - bare) / whole * 100)


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--count", type=int, default=200)
    asked = parser.parse_args()
    asyncio.run(measure(asked.at, asked.folder, asked.count))


if __name__ == "__main__":
    main()
