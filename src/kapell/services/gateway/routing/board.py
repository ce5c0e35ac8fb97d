"""The health of deployments as this worker knows it, and its share in what all workers know.

What comes of a call counts here at once and for the others a moment later. A store that is away
loses no call: this worker then goes by what it has seen itself.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from kapell.core.gateway.calls import Turned
from kapell.core.gateway.routing.health import (
    WELL,
    Health,
    Report,
    after,
    probed,
    standing,
    turned,
)
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.services.gateway.routing.ports import HealthStore

log = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds for which what the others reported need not be looked at again."""

_LATER = 1.0
"""Seconds after which good news is stored; bad news is stored at once."""

_MOST = 10_000
"""Reports that are kept for a store that is away."""


class HealthBoard:
    """Healths of one tenant's deployments."""

    def __init__(self, store: HealthStore, tenant: TenantId, clock: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._clock = clock
        self._known: dict[str, Health] = {}
        self._pending: list[Report] = []
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[None] | None = None
        self._urgent = asyncio.Event()
        self._changes = 0
        """How often the store was written from here."""

    @property
    def known(self) -> Mapping[str, Health]:
        """Return the healths as they are known here."""
        return self._known

    async def look(self) -> None:
        """Have a recent view; only the first look is waited for."""
        now = asyncio.get_running_loop().time()
        if self._read_at is not None and now - self._read_at < FRESH:
            return
        first = self._read_at is None
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        if first:
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        before = self._changes
        try:
            found = await self._store.healths(self._tenant)
        except KapellError as error:
            log.warning("the health of deployments cannot be read: %s", error)
            return
        if before == self._changes:  # else it may be older than what is known by now
            self._take(found)

    def _take(self, found: Mapping[str, Health]) -> None:
        """Know what the store knows, and what is on its way there."""
        self._known.update(found)
        for report in self._pending:
            if report.deployment in found:
                self._fold(report)

    def _fold(self, report: Report) -> None:
        known = self._known.get(report.deployment, WELL)
        self._known[report.deployment] = after(known, report)

    def note(self, report: Report) -> Turned | None:
        """Take what came of a call; return what it did to the deployment's breaker."""
        before = self._known.get(report.deployment, WELL)
        stood = standing(before, report.at)
        self._fold(report)
        change = turned(before, report, self._known[report.deployment])
        if change is not None:
            level = logging.WARNING if change.breaker == "opened" else logging.INFO
            log.log(level, "breaker of %s %s: %s", report.deployment, change.breaker, change.reason)
        self._pending.append(report)
        if report.outcome != "answered" or stood != "well":
            self._urgent.set()
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_soon())
        return change

    async def probe(self, deployment: str, until: float) -> bool:
        """Claim the probe of a deployment that may be well again."""
        now = self._clock.now()
        await self.store()  # what this worker knows of it comes before its claim
        try:
            got, health = await self._store.probe(self._tenant, deployment, now, until)
        except KapellError:
            mine = probed(self._known.get(deployment, WELL), now, until)
            if mine is not None:
                self._known[deployment] = mine
            return mine is not None
        self._changes += 1
        self._known[deployment] = health
        return got

    async def _store_soon(self) -> None:
        while self._pending:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LATER):
                    await self._urgent.wait()
            self._urgent.clear()
            if not await self.store():
                return

    async def store(self) -> bool:
        """Store what was noted; return whether that worked."""
        reports, self._pending = self._pending, []
        if not reports:
            return True
        try:
            found = await self._store.report(self._tenant, reports)
        except KapellError as error:
            log.warning("the health of deployments cannot be stored: %s", error)
            self._pending = [*reports, *self._pending][-_MOST:]
            return False
        self._changes += 1
        self._take(found)
        return True

    async def close(self) -> None:
        """Store what was noted and end."""
        self._urgent.set()
        for task in (self._storing, self._reading):
            if task is not None:
                await asyncio.wait([task])
        await self.store()
