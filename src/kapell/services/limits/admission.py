"""What a request passes before it may begin a run, or tell one something."""

from kapell.core.limits.rates import Asker
from kapell.kit.ids import TenantId
from kapell.services.limits.limiter import Limiter
from kapell.services.limits.tenants import TenantBreaker


class Admission:
    """Lets requests in, or says when to come back."""

    def __init__(self, limiter: Limiter, breaker: TenantBreaker) -> None:
        self._limiter = limiter
        self._breaker = breaker

    async def begin(self, tenant: TenantId, asker: Asker) -> None:
        """Let a run begin.

        Raises:
            Limited: ``rate_limited``; Denied: ``breaker_open``.
        """
        await self._breaker.check(tenant)
        await self._limiter.admit(tenant, asker)

    async def tell(self, tenant: TenantId, asker: Asker) -> None:
        """Let a run be told something, or a tool be called beside any run.

        Raises:
            Limited: ``rate_limited``.
        """
        await self._limiter.admit(tenant, asker)
