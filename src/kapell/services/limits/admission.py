"""What a request passes before it may begin a run, or tell one something."""

from typing import Protocol

from kapell.core.limits.rates import Asker
from kapell.kit.errors import Denied, KapellError, Limited
from kapell.kit.ids import TenantId
from kapell.services.limits.limiter import Limiter
from kapell.services.limits.tenants import TenantBreaker


class Witness(Protocol):
    """Puts on record what was refused."""

    async def refused(self, actor: str, whence: str, what: str, error: KapellError) -> None:
        """Put a refusal on record: who asked, from where, for what, and why it was refused."""
        ...


class Admission:
    """Lets requests in, or says when to come back; what is refused here is in no run's log.

    Args:
        limiter: Counts who asks.
        breaker: Holds a tenant's runs back.
    """

    def __init__(self, limiter: Limiter, breaker: TenantBreaker) -> None:
        self._limiter = limiter
        self._breaker = breaker
        self._witness: Witness | None = None

    def told_to(self, witness: Witness) -> None:
        """Tell of refusals from now on."""
        self._witness = witness

    async def begin(self, tenant: TenantId, asker: Asker) -> None:
        """Let a run begin.

        Raises:
            Limited: ``rate_limited``; Denied: ``breaker_open``.
        """
        try:
            await self._breaker.check(tenant)
            await self._limiter.admit(tenant, asker)
        except (Denied, Limited) as error:
            await self._note(asker, "run", error)
            raise

    async def tell(self, tenant: TenantId, asker: Asker) -> None:
        """Let a run be told something, or a tool be called beside any run.

        Raises:
            Limited: ``rate_limited``.
        """
        try:
            await self._limiter.admit(tenant, asker)
        except Limited as error:
            await self._note(asker, "message", error)
            raise

    async def refused(self, actor: str, whence: str, what: str, error: KapellError) -> None:
        """Tell of what others refuse before it is in the log of a run."""
        if self._witness is not None:
            await self._witness.refused(actor, whence, what, error)

    async def _note(self, asker: Asker, what: str, error: KapellError) -> None:
        await self.refused(asker.user, asker.whence, what, error)
