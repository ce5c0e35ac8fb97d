"""Sums of windows in memory."""

from collections.abc import Callable, Sequence

from kapell.core.gateway.quotas import (
    DAY,
    Amount,
    Refused,
    Settlement,
    Taken,
    Wanted,
    begins,
    plus,
    refused,
)
from kapell.kit.ids import TenantId
from kapell.kit.text import checked


class MemoryCounts:
    """Sums in one mapping.

    Args:
        now: The store's clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sums: dict[tuple[str, str, float, float], Amount] = {}

    async def take(
        self,
        tenant_id: TenantId,
        wants: Sequence[Wanted],
        amount: Amount,
        *,
        lasting: bool = False,
    ) -> Refused | Taken:
        """Add an amount to every wanted window, or to none of them."""
        del lasting
        checked(*(one.scope for one in wants))
        now = self._now()
        found = [(one, self._used(tenant_id, one.scope, one.quota.every, now)) for one in wants]
        if (full := refused(found, amount, now)) is not None:
            return full
        self._add(tenant_id, Settlement(wants, now, amount))
        return Taken(now, [plus(used, amount) for _, used in found])

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken."""
        for one in settlements:
            self._add(tenant_id, one)

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now."""
        return self._used(tenant_id, scope, every, self._now())

    async def days(self, tenant_id: TenantId, scope: str, back: int) -> Sequence[Amount]:
        """Return what was used of the windows of a day before today's, the latest first."""
        now = self._now()
        return [self._used(tenant_id, scope, DAY, now - at * DAY) for at in range(1, back + 1)]

    def _add(self, tenant_id: str, settlement: Settlement) -> None:
        at, more = settlement.at, settlement.more
        for one in settlement.wants:
            every = one.quota.every
            used = self._used(tenant_id, one.scope, every, at)
            self._sums[tenant_id, one.scope, every, begins(at, every)] = plus(used, more)

    def _used(self, tenant_id: str, scope: str, every: float, at: float) -> Amount:
        return self._sums.get((tenant_id, scope, every, begins(at, every)), Amount())
