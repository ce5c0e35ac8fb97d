"""Money that calls of this process have set aside, and when spending deserves a look."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kapell.core.gateway.quotas import Amount, Refused, Wanted
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Note
from kapell.kit.ids import TenantId

_Place = tuple[str, str, float]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What policies say of money, by what it is counted per: user, tenant or conversation.

    ``usd`` are nano-dollars, None for no limit; ``unusual`` says how many times a usual day
    deserves a look, None for never. What is not named stays as the settings have it.
    """

    usd: Mapping[str, int | None] = {}
    unusual: Mapping[str, float | None] = {}


class BudgetRules(Protocol):
    """What policies say of the limits of money."""

    async def limits(self, caller: Caller) -> Said:
        """Return what holds for a call.

        Raises:
            KapellError: nobody can say; the call must not be made then.
        """
        ...


class NoRules:
    """Policies that say nothing of money."""

    async def limits(self, caller: Caller) -> Said:
        """Return nothing."""
        del caller
        return Said()


class Watch(Protocol):
    """Sees what is spent."""

    async def look(self, tenant: TenantId, want: Wanted, used: int, note: Note, said: Said) -> None:
        """See what is used of a window: nano-dollars, with what was spent just now."""
        ...


class NoWatch:
    """Sees nothing."""

    async def look(self, tenant: TenantId, want: Wanted, used: int, note: Note, said: Said) -> None:
        """Do nothing."""
        del tenant, want, used, note, said


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
