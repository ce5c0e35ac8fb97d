"""Who listens within the process: rings that come while one is busy become one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kapell.kit.ids import RunId


class Bell:
    """One listener's bell."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._runs: set[RunId] = set()
        self._unknown = False

    def ring(self, runs: frozenset[RunId]) -> None:
        """Remember what was rung for; an empty set means it is not known."""
        self._runs |= runs
        self._unknown = self._unknown or not runs
        self._event.set()

    async def rung(self) -> frozenset[RunId]:
        """Wait for a ring and return all runs since the last, empty when one was unknown."""
        await self._event.wait()
        self._event.clear()
        runs = frozenset() if self._unknown else frozenset(self._runs)
        self._runs, self._unknown = set(), False
        return runs


class Listeners:
    """All bells of a process."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()

    def __bool__(self) -> bool:
        return bool(self._bells)

    @contextmanager
    def one(self) -> Iterator[Bell]:
        """Yield a bell that rings while the block lasts."""
        bell = Bell()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    def tell(self, runs: frozenset[RunId]) -> None:
        """Ring every bell."""
        for bell in self._bells:
            bell.ring(runs)
