"""Counting what is used within windows: the port, and the guard that asks it before each call."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.quotas import Amount, Quota, Refused, Settlement, Wanted, refusal, wanted
from kapell.core.gateway.routing.endings import may_be_charged
from kapell.core.pricing.quote import cost, worst_cost, worst_tokens
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.kit.json import encode
from kapell.services.gateway.routing.ports import Prices

log = logging.getLogger(__name__)

_LATER = 0.2
"""Seconds after which what calls did not use is given back; a call without room does at once."""

_AGAIN = 5.0
"""Seconds after which that is tried again where the store was away."""

_MOST = 10_000
"""Settlements that are kept for a store that is away; those before them stay at their worst."""


class Counts(Protocol):
    """Sums by tenant, scope and window, shared by all workers; time is the store's own."""

    async def take(
        self, tenant_id: TenantId, wants: Sequence[Wanted], amount: Amount
    ) -> Refused | float:
        """Add an amount to every wanted window, or to none of them.

        Returns the first that has no room, or the store's time at which all were added to.
        """
        ...

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken."""
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
        self._pending: list[tuple[TenantId, Settlement]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def complete(
        self,
        request: ModelRequest,
        ask: Callable[[], Awaitable[ModelAnswer]],
        intent: asyncio.Event | None = None,
    ) -> ModelAnswer:
        """Return the answer of ``ask`` if there is room for its worst case; then it is settled.

        The room is taken at once, and kept while ``intent`` is waited for.

        Raises:
            Limited: ``quota_spent``, with the seconds until the window ends.
            KapellError: What ``ask`` raises; what may have been charged stays counted.
        """
        wants = wanted(request, self._quotas)
        if not wants:
            await _durable(intent)
            return await ask()
        tenant = TenantId(request.tenant)
        worst = self._worst(request, wants)
        taken = await self._taken(tenant, wants, worst)
        unused = Settlement(wants, taken, _less(Amount(), worst))
        try:
            await _durable(intent)
        except asyncio.CancelledError:
            self._later(tenant, unused)
            raise
        try:
            answer = await ask()
        except KapellError as error:
            if not may_be_charged(error):
                self._later(tenant, unused)
            raise
        used = self._true(request, answer, worst)
        self._later(tenant, Settlement(wants, taken, _less(used, worst)))
        return answer

    async def close(self) -> None:
        """Give back what is still to be given back."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._give_back()
        if self._timer is not None:
            self._timer.cancel()

    async def _taken(self, tenant: TenantId, wants: Sequence[Wanted], worst: Amount) -> float:
        """Set the worst case aside; who finds no room waits for what is still to be given back.

        Raises:
            Limited: ``quota_spent``.
        """
        taken = await self._counts.take(tenant, wants, worst)
        if isinstance(taken, Refused) and (self._pending or self._under_way):
            if self._pending:
                self._give_back()
            await asyncio.wait(self._under_way)
            taken = await self._counts.take(tenant, wants, worst)
        if isinstance(taken, Refused):
            raise refusal(taken)
        return taken

    def _later(self, tenant: TenantId, settlement: Settlement, seconds: float = _LATER) -> None:
        """Give back soon, beside the calls: an answer neither waits for that nor is lost by it."""
        self._pending.append((tenant, settlement))
        del self._pending[:-_MOST]
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._give_back)

    def _give_back(self) -> asyncio.Task[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, []
        task = asyncio.create_task(self._settle(pending))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _settle(self, pending: Sequence[tuple[TenantId, Settlement]]) -> None:
        for tenant in dict.fromkeys(tenant for tenant, _ in pending):
            own = [settlement for one, settlement in pending if one == tenant]
            try:
                await self._counts.settle(tenant, own)
            except KapellError as error:
                log.warning("what calls did not use cannot be given back yet: %s", error)
                for settlement in own:
                    self._later(tenant, settlement, _AGAIN)

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


async def _durable(intent: asyncio.Event | None) -> None:
    if intent is not None:
        await intent.wait()


def _asked(request: ModelRequest, answer: ModelAnswer) -> str:
    """Return the model that answered: the one a route chose, when a route was asked."""
    return answer.model if answer.tries else request.model


def _less(one: Amount, other: Amount) -> Amount:
    return Amount(one.calls - other.calls, one.tokens - other.tokens, one.usd - other.usd)
