"""What routes need from a store, from whoever prices models, and from the door itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.routing.health import Health, Report
from kapell.core.gateway.routing.minutes import Minute
from kapell.core.gateway.routing.route import Deployment
from kapell.core.pricing.quote import Quote
from kapell.kit.ids import TenantId
from kapell.services.gateway.ports import OnDelta

Asking: TypeAlias = Callable[[Deployment, ModelRequest, OnDelta | None], Awaitable[ModelAnswer]]
"""Asks one deployment once."""


class HealthStore(Protocol):
    """Keeps the health of deployments for all workers of a tenant.

    All time comes from the caller, in the reports: health is advice, no fence.
    """

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        """Fold what came of calls into the healths, one worker at a time, and count the minutes.

        Returns the healths of the deployments that were reported of.
        """
        ...

    async def probe(
        self, tenant_id: TenantId, deployment: str, now: float, until: float
    ) -> tuple[bool, Health]:
        """Claim the one probe of a deployment; return whether it was got, and the health now."""
        ...

    async def healths(self, tenant_id: TenantId) -> Mapping[str, Health]:
        """Return the health of every deployment that was reported of."""
        ...

    async def minutes(self, tenant_id: TenantId, since: int) -> Sequence[Minute]:
        """Return the minutes from ``since`` on, by deployment and time."""
        ...


class Prices(Protocol):
    """Knows what models cost."""

    def quote(self, model: str) -> Quote:
        """Return a model's price; the first look may take a second.

        Raises:
            Missing: ``price_missing``.
        """
        ...
