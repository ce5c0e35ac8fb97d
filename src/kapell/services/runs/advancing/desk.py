"""What every owned run of a worker shares: its doors, its clock, its name."""

from collections.abc import Callable, Sequence

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.clock import Clock
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.advancing.effects import Effects
from kapell.services.runs.advancing.quotes import Quotes
from kapell.services.runs.ports import ArtifactStore, CachedResults, RunLog, RunStarts
from kapell.services.runs.versions import Versions

Observer = Callable[[RunId, Sequence[Event], State, Program], None]
"""Told what was appended, after it is durable, with the state it led to and what the run is of."""


class Desk(msgspec.Struct, kw_only=True):
    """Everything an owned run needs from around it.

    ``skew`` is the store's clock minus ours, in seconds; ``random`` gives 64 random bits.
    ``draining`` is set when the worker is leaving.
    """

    worker: WorkerId
    log: RunLog
    starts: RunStarts
    artifacts: ArtifactStore
    results: CachedResults
    versions: Versions
    effects: Effects
    quotes: Quotes
    clock: Clock
    random: Callable[[], int]
    observers: list[Observer] = []
    skew: float = 0.0
    draining: bool = False

    def now(self) -> float:
        """Return the store's time as this process knows it."""
        return self.clock.now() + self.skew
