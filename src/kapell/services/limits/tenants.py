"""The breaker of a tenant: where many runs are held, no more begin until a person has looked."""

import msgspec

from kapell.core.gateway.quotas import Amount, Quota, Settlement, Taken, Wanted
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import Counts

WITHIN = 3600.0
"""Seconds within which held runs are counted together."""

_EVER = 1e11
"""Seconds of a window that ends for nobody."""

_FRESH = 1.0
"""Seconds for which a closed breaker is taken for closed: beginning a run must not take long."""

_TRIPS = Wanted(scope="breaker:trips", quota=Quota(per="tenant", every=WITHIN))
_OPEN = Wanted(scope="breaker:open", quota=Quota(per="tenant", every=_EVER))


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a tenant's breaker stands: ``held`` runs within the hour, of ``most``."""

    open: bool
    held: int
    most: int | None


class TenantBreaker:
    """Counts runs that were held; what it knows is shared by all workers.

    Args:
        counts: Where it is counted.
        most: Runs held within an hour that open it; None never does.
        clock: Tells when it is to be looked anew whether it is closed.
    """

    def __init__(self, counts: Counts, most: int | None, clock: Clock) -> None:
        self._counts = counts
        self._most = most
        self._clock = clock
        self._closed_at: dict[TenantId, float] = {}

    async def tripped(self, tenant: TenantId) -> None:
        """Count a run that was held."""
        if self._most is None:
            return
        taken = await self._counts.take(tenant, [_TRIPS], Amount(calls=1), lasting=True)
        if isinstance(taken, Taken) and taken.used[0].calls >= self._most:
            await self._counts.take(tenant, [_OPEN], Amount(calls=1), lasting=True)
            self._closed_at.pop(tenant, None)

    async def check(self, tenant: TenantId) -> None:
        """Make sure that runs may begin.

        Raises:
            Denied: ``breaker_open``.
        """
        now = self._clock.now()
        if self._most is None or 0 <= now - self._closed_at.get(tenant, -_EVER) < _FRESH:
            return
        if (await self._counts.used(tenant, _OPEN.scope, _EVER)).calls > 0:
            raise Denied(
                f"No run begins: {self._most} runs were held within an hour, and nobody has looked "
                "yet.",
                code="breaker_open",
                advice="See them with `kapell runs escalations`, then let runs begin again with "
                "`kapell breaker close`.",
            )
        self._closed_at[tenant] = now

    async def standing(self, tenant: TenantId) -> Standing:
        """Return how it stands."""
        opened = await self._counts.used(tenant, _OPEN.scope, _EVER)
        held = await self._counts.used(tenant, _TRIPS.scope, WITHIN)
        return Standing(open=opened.calls > 0, held=held.calls, most=self._most)

    async def close(self, tenant: TenantId) -> bool:
        """Let runs begin again, and count anew; False when it was closed."""
        opened = await self._counts.used(tenant, _OPEN.scope, _EVER)
        for want in (_OPEN, _TRIPS):
            taken = await self._counts.take(tenant, [want], Amount())
            if isinstance(taken, Taken) and (counted := taken.used[0].calls):
                back = Settlement([want], taken.at, Amount(-counted))
                await self._counts.settle(tenant, [back])
        return opened.calls > 0
