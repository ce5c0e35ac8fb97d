"""What every contestant of the agent's turn does: the same task, tool, turns and measure.

Standard library only: the scripts of the peers import it from environments of their own.
"""

import argparse
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from measuring import awaited_turns, sample

TURNS = 10
"""Turns with one tool call each; the answer comes after them."""

RUNS = 2
"""Runs of a contestant in each turn of the bench."""

WARM = 3
MODEL = "gpt-5-mini"
KEY = "loopback-key"
PROMPT = "Call the tool with 1, 2, 3 and so on until you are told to stop."
INSTRUCTIONS = "You call tools."


def asked() -> argparse.Namespace:
    """Return the options every contestant is given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--provider", required=True)
    parser.add_argument("--at", default="")
    parser.add_argument("--folder", default=".")
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def folder_of(options: argparse.Namespace) -> Path:
    """Return the folder of a contestant's workspace."""
    return Path(options.folder).absolute() / "w"


def wire(provider: str) -> str:
    """Return the base address of the wire everyone speaks."""
    return f"{provider}/openai/v1"


class Noop:
    """The tool: it counts its calls and gives the number back."""

    def __init__(self) -> None:
        self.calls = 0

    def noop(self, n: int) -> int:
        """Give the number back."""
        self.calls += 1
        return n


async def measure(run: Callable[[], Awaitable[str]], tool: Noop) -> None:
    """Measure the time of a turn, and refuse a run that did not take all of them."""

    async def one() -> float:
        tool.calls = 0
        begun = time.perf_counter()
        said = await run()
        spent = (time.perf_counter() - begun) * 1000 / TURNS
        if tool.calls != TURNS or said != "done":
            raise RuntimeError(f"{tool.calls} calls instead of {TURNS}, and {said!r}")
        return spent

    for _ in range(WARM):
        await one()
    async for _ in awaited_turns():
        for _ in range(RUNS):
            sample("turn_ms", await one())
