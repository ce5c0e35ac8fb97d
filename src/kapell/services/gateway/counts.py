"""Counting what is used within windows: the port, and the guard that asks it before each call."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.quotas import (
    Amount,
    Quota,
    Refused,
    Settlement,
    Taken,
    Wanted,
    begins,
    less,
    refusal,
    wanted,
)
from kapell.core.gateway.routing.endings import may_be_charged
from kapell.core.policies.notes import Note, unnoted
from kapell.core.policies.spending import Spending
from kapell.core.pricing.quote import cost, worst_cost, worst_tokens
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.kit.json import encode
from kapell.services.gateway.routing.ports import Prices
from kapell.services.gateway.spending import BudgetRules, Flying, NoRules, NoWatch, Said, Watch

log = logging.getLogger(__name__)

_LATER = 0.2
"""Seconds after which what calls did not use is given back; a call without room does at once."""

_AGAIN = 5.0
"""Seconds after which that is tried again where the store was away."""

_MOST = 10_000
"""Settlements that are kept for a store that is away; those before them stay at their worst."""

_TOLD = 10_000
"""Windows of which this process remembers that somebody was told."""


class Counts(Protocol):
    """Sums by tenant, scope and window, shared by all workers; time is the store's own."""

    async def take(
        self,
        tenant_id: TenantId,
        wants: Sequence[Wanted],
        amount: Amount,
        *,
        lasting: bool = False,
    ) -> Refused | Taken:
        """Add an amount to every wanted window, or to none of them.

        Returns the one that has no room, of several the one that ends last; or what was taken. A
        power cut may undo what was taken at last, unless it is to be ``lasting``.
        """
        ...

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken."""
        ...

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now."""
        ...

    async def days(self, tenant_id: TenantId, scope: str, back: int) -> Sequence[Amount]:
        """Return what was used of the windows of a day before today's, the latest first."""
        ...


class QuotaGuard:
    """Lets calls through while every quota that counts for them has room.

    Args:
        quotas: What may be used.
        counts: Where it is counted.
        prices: What the worst case of a call costs.
        rules: What policies say of the limits of money.
        warn: Share of such a limit from which its use deserves a look.
        watch: Sees what was spent of each such limit, and of those that only count.
    """

    def __init__(
        self,
        quotas: Sequence[Quota],
        counts: Counts,
        prices: Prices,
        rules: BudgetRules | None = None,
        warn: float = 0.8,
        watch: Watch | None = None,
    ) -> None:
        self._quotas = tuple(quotas)
        self._rules = rules or NoRules()
        self._warn = warn
        self._watch = watch or NoWatch()
        self._flying = Flying()
        self._counts = counts
        self._prices = prices
        self._pending: list[tuple[TenantId, Settlement]] = []
        self._told: dict[tuple[TenantId, str, float], None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def complete(
        self,
        request: ModelRequest,
        ask: Callable[[], Awaitable[ModelAnswer]],
        intent: asyncio.Event | None = None,
        note: Note = unnoted,
    ) -> ModelAnswer:
        """Return the answer of ``ask`` if there is room for its worst case; then it is settled.

        The room is taken at once, and kept while ``intent`` is waited for. ``note`` is told when a
        limit of money has come near.

        Raises:
            Limited: ``quota_spent`` or ``cost_limit``, with the seconds until the window ends.
            KapellError: What ``ask`` raises; what may have been charged stays counted.
        """
        wants: Sequence[Wanted] = wanted(request, self._quotas)
        worst = self._worst(request, wants) if wants else Amount()
        said = Said()
        if worst.usd and any(one.quota.guard for one in wants):
            said = await self._rules.limits(request.caller) if request.tenant else said
            wants = wanted(request, self._allowed(said)) if said.usd else wants
        elif not worst.usd:
            wants = [one for one in wants if not one.quota.guard]
        if not wants:
            await _durable(intent)
            return await ask()
        tenant = TenantId(request.tenant)
        taken = await self._taken(tenant, wants, worst)
        self._flying.begin(tenant, wants, worst.usd, taken.used)
        try:
            used = worst
            try:
                await _durable(intent)
            except asyncio.CancelledError:
                used = Amount()
                raise
            try:
                answer = await ask()
            except KapellError as error:
                used = worst if may_be_charged(error) else Amount()
                raise
            used = self._true(request, answer, worst)
        finally:
            spent = self._flying.end(tenant, wants, worst.usd, used.usd)
            if used != worst:
                self._later(tenant, Settlement(wants, taken.at, less(used, worst)))
        if used.usd:
            for one, stands in zip(wants, spent, strict=True):
                if one.quota.guard:
                    with suppress(KapellError):
                        await self._near(tenant, one, stands, taken.at, note)
                        await self._watch.look(tenant, one, stands, note, said)
        return answer

    def _allowed(self, said: Said) -> Sequence[Quota]:
        """Return the quotas with what policies say of the limits of money."""
        usd = said.usd
        return [
            msgspec.structs.replace(one, usd=usd[one.per]) if one.guard and one.per in usd else one
            for one in self._quotas
        ]

    async def _near(
        self, tenant: TenantId, want: Wanted, spent: int, at: float, note: Note
    ) -> None:
        """Tell, once in its window, that a limit of money has come near."""
        limit, every = want.quota.usd, want.quota.every
        if not limit or spent < limit * self._warn:
            return
        once = Wanted(
            scope=f"near:{limit}:{want.scope}",
            quota=Quota(per=want.quota.per, every=every, calls=1),
        )
        told = (tenant, once.scope, begins(at, every))
        if told in self._told:
            return
        first = await self._counts.take(tenant, [once], Amount(calls=1))
        self._told[told] = None
        if len(self._told) > _TOLD:  # the store knows it
            del self._told[next(iter(self._told))]
        if isinstance(first, Taken):
            whose = want.scope.partition("@")[0]
            note(Spending(whose=whose, every=every, limit=limit, used=spent))

    async def close(self) -> None:
        """Give back what is still to be given back."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._give_back()
        if self._timer is not None:
            self._timer.cancel()

    async def _taken(self, tenant: TenantId, wants: Sequence[Wanted], worst: Amount) -> Taken:
        """Set the worst case aside; who finds no room waits for what is still to be given back.

        Of a limit of money, that is what calls under way set aside too: many calls at once may
        cost far less than all their worst cases together.

        Raises:
            Limited: ``quota_spent``, ``cost_limit``.
        """
        given_back = False
        taken = await self._counts.take(tenant, wants, worst)
        while isinstance(taken, Refused):
            if not given_back and (self._pending or self._under_way):
                given_back = True
                if self._pending:
                    self._give_back()
                await asyncio.wait(self._under_way)
            elif taken.wanted.quota.guard and self._flying.may_make_room(tenant, taken, worst):
                given_back = False
                await self._flying.landing()
            else:
                raise refusal(taken)
            taken = await self._counts.take(tenant, wants, worst)
        return taken

    def _later(self, tenant: TenantId, settlement: Settlement, seconds: float = _LATER) -> None:
        """Give back soon, beside the calls: an answer neither waits for that nor is lost by it."""
        self._flying.owe(tenant, settlement)
        self._pending.append((tenant, settlement))
        for owner, lost in self._pending[:-_MOST]:
            self._flying.owe(owner, lost, -1)
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
            for settlement in own:
                self._flying.owe(tenant, settlement, -1)

    def _worst(self, request: ModelRequest, wants: Sequence[Wanted]) -> Amount:
        size = sum(len(message.text.encode()) for message in request.messages)
        size += len(encode((request.schema, request.tools)))
        tokens = worst_tokens(size)
        usd = 0
        if any(one.quota.usd is not None for one in wants):
            usd = int(worst_cost(self._prices.quote(request.model), tokens, request.max_output))
        elif any(one.quota.guard for one in wants):
            with suppress(KapellError):  # what only counts stops no call whose price is not known
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
