"""The store in memory, as one object with all ports."""

import time
from collections.abc import Callable

from kapell.testing.stores.audit import MemoryAudit
from kapell.testing.stores.bell import MemoryDoorbell
from kapell.testing.stores.contents import MemoryArtifacts, MemoryResults, MemoryStarts
from kapell.testing.stores.counts import MemoryCounts
from kapell.testing.stores.deployments import MemoryDeployments
from kapell.testing.stores.keys import MemoryKeys
from kapell.testing.stores.log import MemoryLog
from kapell.testing.stores.pseudonyms import MemoryPseudonyms
from kapell.testing.stores.reader import MemoryReader
from kapell.testing.stores.state import State


class MemoryStore:
    """All ports, nothing durable.

    Args:
        now: The store's clock.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        state = State(now)
        self.doorbell = MemoryDoorbell()
        self.log = MemoryLog(state, self.doorbell)
        self.starts = MemoryStarts(state, self.doorbell)
        self.artifacts = MemoryArtifacts(state)
        self.results = MemoryResults(state)
        self.deployments = MemoryDeployments()
        self.counts = MemoryCounts(now)
        self.keys = MemoryKeys(now)
        self.pseudonyms = MemoryPseudonyms(now)
        self.audit = MemoryAudit(state)
        self.reader = MemoryReader(state)

    async def open(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def close(self) -> None:
        """Do nothing: what it holds stays until it is dropped."""
