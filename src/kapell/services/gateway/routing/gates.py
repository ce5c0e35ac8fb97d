"""What this worker has under way at each deployment, and those who wait for one to be free."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from kapell.core.gateway.routing import rate
from kapell.core.gateway.routing.rate import Bucket
from kapell.core.gateway.routing.route import Deployment


class Gates:
    """Counts calls under way and what is left of rates, by name of the deployment."""

    def __init__(self) -> None:
        self._in_flight: dict[str, int] = {}
        self._rates: dict[str, Bucket] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def in_flight(self) -> Mapping[str, int]:
        """Return how many calls each deployment has under way."""
        return self._in_flight

    @property
    def rates(self) -> Mapping[str, Bucket]:
        """Return what is left of each rate that was used."""
        return self._rates

    @contextmanager
    def passed(self, deployment: Deployment, now: float) -> Iterator[None]:
        """Count a call while it is under way."""
        name = deployment.name
        self._in_flight[name] = self._in_flight.get(name, 0) + 1
        if deployment.rate is not None:
            bucket = self._rates.get(name) or rate.full(deployment.rate, now)
            self._rates[name] = rate.taken(bucket, deployment.rate, now)
        try:
            yield
        finally:
            self._in_flight[name] -= 1
            self._wake()

    async def wait(self, seconds: float) -> None:
        """Wait until a call ends, at most so long; who came first is woken first."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(woken)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await woken
        with suppress(ValueError):
            self._waiting.remove(woken)

    def _wake(self) -> None:
        while self._waiting:
            woken = self._waiting.popleft()
            if not woken.done():
                woken.set_result(None)
                return
