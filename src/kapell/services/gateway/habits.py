"""Tells, once a day, that a user or a tenant spends out of habit."""

from collections.abc import Callable

from kapell.core.gateway.quotas import DAY, Amount, Quota, Taken, Wanted
from kapell.core.limits.habits import BACK, usual
from kapell.core.policies.notes import Note
from kapell.core.policies.spending import Spending
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import Counts
from kapell.services.gateway.spending import Said


class Habits:
    """Holds today's spending against that of the days before, which the counts still have.

    Args:
        counts: Where it is counted, and that it was told: one worker tells it for all.
        times: How many times a usual day deserves a look; None for never.
        least: Nano-dollars of a day below which nothing does.
        now: Tells when another day has begun.
    """

    def __init__(
        self, counts: Counts, times: float | None, least: int, now: Callable[[], float]
    ) -> None:
        self._counts = counts
        self._times = times
        self._least = least
        self._now = now
        self._today = 0.0
        self._usual: dict[tuple[TenantId, str], int | None] = {}
        self._told: set[tuple[TenantId, str]] = set()

    async def look(self, tenant: TenantId, want: Wanted, used: int, note: Note, said: Said) -> None:
        """See what is used of a window: nano-dollars, with what was spent just now."""
        quota, times = want.quota, said.unusual.get(want.quota.per, self._times)
        if quota.per not in ("user", "tenant") or quota.every != DAY or quota.who:
            return
        if times is None or used < self._least:
            return
        self._turn()
        key = (tenant, want.scope)
        if key in self._told:
            return
        if key not in self._usual:
            days = await self._counts.days(tenant, want.scope, BACK)
            self._usual[key] = usual([one.usd for one in days])
        known = self._usual[key]
        if known is None or used < known * times:
            return
        once = Wanted(scope=f"habit:{want.scope}", quota=Quota(per=quota.per, every=DAY, calls=1))
        first = await self._counts.take(tenant, [once], Amount(calls=1))
        self._told.add(key)
        if isinstance(first, Taken):
            note(Spending(whose=want.scope, every=DAY, limit=known, used=used, unusual=True))

    def _turn(self) -> None:
        """Forget yesterday."""
        today = self._now() // DAY
        if today != self._today:
            self._today = today
            self._usual.clear()
            self._told.clear()
