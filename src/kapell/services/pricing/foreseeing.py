"""What a run is expected to cost before it begins, learnt from the runs that ended well lately."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from kapell.core.pricing.foresight import RunForecast, run_forecast
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError

FRESH = 30.0
"""Seconds after which it is looked anew what runs cost."""

MOST = 200
"""Runs that are looked at, of all workflows together: beginning a run must not take long."""


class PastRun(Protocol):
    """A run that ended well."""

    @property
    def workflow(self) -> str:
        """Return what it was a run of."""
        ...

    @property
    def usd(self) -> int:
        """Return what it cost, in nano-dollars."""
        ...

    @property
    def tokens(self) -> int:
        """Return what it used."""
        ...


class RunForesight:
    """Foresees runs.

    Args:
        past: Gives the last runs that ended well, newest first.
        clock: Tells when that is to be asked again.
    """

    def __init__(self, past: Callable[[], Awaitable[Sequence[PastRun]]], clock: Clock) -> None:
        self._past = past
        self._clock = clock
        self._asked_at: float | None = None
        self._known: dict[str, RunForecast] = {}

    async def of(self, workflow: str) -> RunForecast | None:
        """Return what the next run of a workflow will likely take; None when nothing is known."""
        now = self._clock.now()
        if self._asked_at is None or not 0 <= now - self._asked_at < FRESH:
            self._asked_at = now
            # A forecast is no reason for a run not to begin.
            with suppress(KapellError):
                self._known = _foreseen(await self._past())
        return self._known.get(workflow)


def _foreseen(past: Sequence[PastRun]) -> dict[str, RunForecast]:
    found: dict[str, list[tuple[int, int]]] = {}
    for run in past:
        found.setdefault(run.workflow, []).append((run.usd, run.tokens))
    return {workflow: run_forecast(runs) for workflow, runs in found.items()}
