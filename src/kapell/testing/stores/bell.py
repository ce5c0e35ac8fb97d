"""The doorbell in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from kapell.kit.ids import RunId


class MemoryDoorbell:
    """Rings for everyone who listens in this process."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[frozenset[RunId]]] = set()

    async def ring(self, run_ids: Sequence[RunId]) -> None:
        """Tell every listener."""
        for queue in self._queues:
            queue.put_nowait(frozenset(run_ids))

    async def listen(self) -> AsyncIterator[frozenset[RunId]]:
        """Yield what was rung for."""
        queue: asyncio.Queue[frozenset[RunId]] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
