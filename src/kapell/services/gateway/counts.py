"""Counting what is used within windows: the port, and the guard that asks it before each call."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.quotas import Amount, Quota, Refused, Wanted, refusal, wanted
from kapell.core.gateway.routing.endings import may_be_charged
from kapell.core.pricing.quote import cost, worst_cost, worst_tokens
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.kit.json import encode
from kapell.services.gateway.routing.ports import Prices


class Counts(Protocol):
    """Sums by tenant, scope and window, shared by all workers; time is the store's own."""

    async def take(
        self, tenant_id: TenantId, wants: Sequence[Wanted], amount: Amount
    ) -> Refused | float:
        """Add an amount to every wanted window, or to none of them.

        Returns the first that has no room, or the store's time at which all were added to.
        """
        ...

    async def settle(
        self, tenant_id: TenantId, wants: Sequence[Wanted], at: float, more: Amount
    ) -> None:
        """Add to the windows of an instant what was used beyond what was taken; may be negative."""
        ...

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now."""
        ...


class QuotaGuard:
    """Lets calls through while every quota that counts for them has room.

    Args:
        quotas: What may be used.
        counts: Where it is counted.
        prices: What the worst case of a call costs.
    """

    def __init__(self, quotas: Sequence[Quota], counts: Counts, prices: Prices) -> None:
        self._quotas = tuple(quotas)
        self._counts = counts
        self._prices = prices

    async def complete(
        self, request: ModelRequest, ask: Callable[[], Awaitable[ModelAnswer]]
    ) -> ModelAnswer:
        """Return the answer of ``ask`` if there is room for its worst case; then it is settled.

        Raises:
            Limited: ``quota_spent``, with the seconds until the window ends.
            KapellError: What ``ask`` raises; what may have been charged stays counted.
        """
        wants = wanted(request, self._quotas)
        if not wants:
            return await ask()
        tenant = TenantId(request.tenant)
        worst = self._worst(request, wants)
        taken = await self._counts.take(tenant, wants, worst)
        if isinstance(taken, Refused):
            raise refusal(taken)
        try:
            answer = await ask()
        except KapellError as error:
            if not may_be_charged(error):
                await self._counts.settle(tenant, wants, taken, _less(Amount(), worst))
            raise
        used = self._true(request, answer, worst)
        await self._counts.settle(tenant, wants, taken, _less(used, worst))
        return answer

    def _worst(self, request: ModelRequest, wants: Sequence[Wanted]) -> Amount:
        size = sum(len(message.text.encode()) for message in request.messages)
        size += len(encode((request.schema, request.tools)))
        tokens = worst_tokens(size)
        usd = 0
        if any(one.quota.usd is not None for one in wants):
            usd = int(worst_cost(self._prices.quote(request.model), tokens, request.max_output))
        return Amount(1, tokens + request.max_output, usd)

    def _true(self, request: ModelRequest, answer: ModelAnswer, worst: Amount) -> Amount:
        """Return what was used; a try that may be charged though it failed counts at its worst."""
        usd = 0
        with suppress(KapellError):
            usd = int(cost(self._prices.quote(_asked(request, answer)), answer.usage))
        unsure = sum(one.uncertain for one in answer.tries)
        return Amount(
            1,
            max(answer.usage.total, min(answer.usage.total + unsure * worst.tokens, worst.tokens)),
            max(usd, min(usd + unsure * worst.usd, worst.usd)),
        )


def _asked(request: ModelRequest, answer: ModelAnswer) -> str:
    """Return the model that answered: the one a route chose, when a route was asked."""
    return answer.model if answer.tries else request.model


def _less(one: Amount, other: Amount) -> Amount:
    return Amount(one.calls - other.calls, one.tokens - other.tokens, one.usd - other.usd)
