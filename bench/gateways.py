"""What every contestant of the gateway's overhead does: ten calls directly, then ten through it."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from agents import INSTRUCTIONS, MODEL, PROMPT, TURNS
from measuring import awaited_turns, sample

PAIRS = 3
WARM = 3


async def direct(client: Any) -> None:
    """Ask ten questions by an SDK, one after another."""
    for _ in range(TURNS):
        said = await client.chat.completions.create(
            model=MODEL,
            messages=[
                {"role": "system", "content": INSTRUCTIONS},
                {"role": "user", "content": PROMPT},
            ],
        )
        if said.choices[0].message.content != "done":
            raise RuntimeError(f"the answer was {said}")


async def measure(
    bare: Callable[[], Awaitable[None]], through: Callable[[], Awaitable[None]]
) -> None:
    """Measure both in turn; the difference, a call, is what lies between."""

    async def spent(work: Callable[[], Awaitable[None]]) -> float:
        begun = time.perf_counter()
        await work()
        return (time.perf_counter() - begun) * 1000 / TURNS

    for _ in range(WARM):
        await bare()
        await through()
    async for _ in awaited_turns():
        for _ in range(PAIRS):
            alone, between = await spent(bare), await spent(through)
            sample("direct_ms", alone)
            sample("through_ms", between)
            sample("overhead_ms", between - alone)
