"""The health of deployments in memory."""

from collections.abc import Mapping, Sequence

from kapell.core.gateway.routing.health import WELL, Health, Report, after, probed
from kapell.core.gateway.routing.minutes import KEPT, Minute, added, counted, minute_of
from kapell.kit.ids import TenantId
from kapell.kit.text import checked


class MemoryDeployments:
    """Healths and minutes in two mappings."""

    def __init__(self) -> None:
        self._healths: dict[tuple[str, str], Health] = {}
        self._minutes: dict[tuple[str, str, int], Minute] = {}

    async def report(self, tenant_id: TenantId, reports: Sequence[Report]) -> Mapping[str, Health]:
        """Fold what came of calls into the healths, and count the minutes."""
        checked(*(text for one in reports for text in (one.deployment, one.code)))
        for report in reports:
            key = (tenant_id, report.deployment)
            self._healths[key] = after(self._healths.get(key, WELL), report)
        for one in counted(reports):
            place = (tenant_id, one.deployment, one.minute)
            known = self._minutes.get(place)
            self._minutes[place] = one if known is None else added(known, one)
        if reports:
            oldest = minute_of(max(report.at for report in reports)) - KEPT + 1
            for old in [at for at in self._minutes if at[0] == tenant_id and at[2] < oldest]:
                del self._minutes[old]
        names = {report.deployment for report in reports}
        return {name: self._healths[tenant_id, name] for name in names}

    async def probe(
        self, tenant_id: TenantId, deployment: str, now: float, until: float
    ) -> tuple[bool, Health]:
        """Claim the one probe of a deployment."""
        health = self._healths.get((tenant_id, deployment), WELL)
        mine = probed(health, now, until)
        if mine is None:
            return False, health
        self._healths[tenant_id, deployment] = mine
        return True, mine

    async def healths(self, tenant_id: TenantId) -> Mapping[str, Health]:
        """Return the health of every deployment that was reported of."""
        return {name: one for (tenant, name), one in self._healths.items() if tenant == tenant_id}

    async def minutes(self, tenant_id: TenantId, since: int) -> Sequence[Minute]:
        """Return the minutes from ``since`` on."""
        return [
            one
            for (tenant, _, minute), one in sorted(self._minutes.items())
            if tenant == tenant_id and minute >= since
        ]
