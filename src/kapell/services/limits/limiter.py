"""The one limiter: counts who asks, on the counts that quotas are kept in."""

from collections.abc import Sequence

from kapell.core.gateway.quotas import Amount, Refused, Wanted
from kapell.core.limits.rates import Asker, Rate, asked, called, refusal
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import Counts

_ONE = Amount(calls=1)


class Limiter:
    """Lets requests and calls through while every rate that counts for them has room.

    What is refused counts nowhere: who comes too often is let in again when the window ends.

    Args:
        rates: How often who may ask.
        counts: Where it is counted; time is the counts' own.
    """

    def __init__(self, rates: Sequence[Rate], counts: Counts) -> None:
        self._rates = tuple(one for one in rates if one.per != "tool")
        self._of_tools = tuple(one for one in rates if one.per == "tool")
        self._counts = counts

    @property
    def counts_calls(self) -> bool:
        """Tell whether calls of tools are counted at all."""
        return bool(self._of_tools)

    async def admit(self, tenant: TenantId, asker: Asker) -> None:
        """Count a request of a person or client.

        Raises:
            Limited: ``rate_limited``, with the seconds until there is room again.
        """
        await self._take(tenant, asked(asker, self._rates))

    async def admit_call(self, tenant: TenantId, tool: str) -> None:
        """Count a call of a tool.

        Raises:
            Limited: ``rate_limited``, with the seconds until there is room again.
        """
        await self._take(tenant, called(tool, self._of_tools))

    async def _take(self, tenant: TenantId, wants: Sequence[Wanted]) -> None:
        if not wants:
            return
        taken = await self._counts.take(tenant, wants, _ONE)
        if isinstance(taken, Refused):
            raise refusal(taken)
