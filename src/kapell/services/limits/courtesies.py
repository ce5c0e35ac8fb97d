"""What is done beside a run because of what it has appended: nothing waits for it."""

import asyncio
from collections.abc import Coroutine


class Courtesies:
    """Tasks that are begun and let go, until the program ends."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Begin some work; it tells its own failures."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Finish what is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)
