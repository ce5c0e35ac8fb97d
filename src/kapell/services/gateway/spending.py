"""Money that calls of this process have set aside, and when spending deserves a look."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from kapell.core.gateway.quotas import Amount, Refused, Wanted
from kapell.core.policies.caller import Caller
from kapell.kit.ids import TenantId

_Place = tuple[str, str, float]


class BudgetRules(Protocol):
    """What policies say of the limits of money."""

    async def limits(self, caller: Caller) -> Mapping[str, int | None]:
        """Return nano-dollars by what they are counted per: user, tenant or conversation.

        What is not named stays as the settings have it; None is no limit.

        Raises:
            KapellError: nobody can say; the call must not be made then.
        """
        ...


class NoRules:
    """Policies that say nothing of money."""

    async def limits(self, caller: Caller) -> Mapping[str, int | None]:
        """Return nothing."""
        del caller
        return {}


class Flying:
    """What calls under way have set aside at their worst; most of it comes back."""

    def __init__(self) -> None:
        self._usd: dict[_Place, int] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def begin(self, tenant: TenantId, wants: Sequence[Wanted], usd: int) -> None:
        """Note what a call sets aside."""
        for one in wants:
            place = _place(tenant, one)
            self._usd[place] = self._usd.get(place, 0) + usd

    def end(self, tenant: TenantId, wants: Sequence[Wanted], usd: int) -> None:
        """Note that a call has ended; those that wait for room look again."""
        for one in wants:
            place = _place(tenant, one)
            left = self._usd.pop(place, 0) - usd
            if left > 0:
                self._usd[place] = left
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def of(self, tenant: TenantId, want: Wanted) -> int:
        """Return what is set aside in a window."""
        return self._usd.get(_place(tenant, want), 0)

    def may_make_room(self, tenant: TenantId, refused: Refused, more: Amount) -> bool:
        """Tell whether a call would have room if those under way gave everything back."""
        flying = self.of(tenant, refused.wanted)
        if not flying:
            return False
        without = Amount(refused.used.calls, refused.used.tokens, refused.used.usd - flying)
        return not refused.wanted.exceeded(without, more)

    async def landing(self) -> None:
        """Wait until one of them has ended."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future


def _place(tenant: TenantId, want: Wanted) -> _Place:
    return tenant, want.scope, want.quota.every
