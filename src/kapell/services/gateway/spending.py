"""Money that calls of this process have set aside, and when spending deserves a look."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kapell.core.gateway.quotas import Amount, Refused, Settlement, Wanted
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


class _Window:
    """One window while calls of this process use it: nano-dollars."""

    __slots__ = ("calls", "spent", "worst")

    def __init__(self) -> None:
        self.calls = 0
        self.worst = 0
        self.spent = 0


class Flying:
    """What calls under way have set aside at their worst, and what was spent beside it."""

    def __init__(self) -> None:
        self._windows: dict[_Place, _Window] = {}
        self._to_come: dict[_Place, int] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def begin(
        self, tenant: TenantId, wants: Sequence[Wanted], worst: int, used: Sequence[Amount]
    ) -> None:
        """Note what a call sets aside; ``used`` is what the store counts of each window with it."""
        for one, counted in zip(wants, used, strict=True):
            place = _place(tenant, one)
            window = self._windows.setdefault(place, _Window())
            window.calls += 1
            window.worst += worst
            window.spent = counted.usd - window.worst + self._to_come.get(place, 0)

    def end(
        self, tenant: TenantId, wants: Sequence[Wanted], worst: int, spent: int
    ) -> Sequence[int]:
        """Note that a call has ended, and return what is spent of each window with it.

        Those that wait for room look again.
        """
        found = []
        for one in wants:
            place = _place(tenant, one)
            window = self._windows[place]
            window.calls -= 1
            window.worst -= worst
            window.spent += spent
            found.append(window.spent)
            if not window.calls:
                del self._windows[place]
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        return found

    def owe(self, tenant: TenantId, settlement: Settlement, sign: int = 1) -> None:
        """Note what is still to be added to windows; with -1 that it was."""
        for one in settlement.wants:
            place = _place(tenant, one)
            left = self._to_come.pop(place, 0) + sign * settlement.more.usd
            if left:
                self._to_come[place] = left

    def of(self, tenant: TenantId, want: Wanted) -> int:
        """Return what is set aside in a window."""
        window = self._windows.get(_place(tenant, want))
        return window.worst if window else 0

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
