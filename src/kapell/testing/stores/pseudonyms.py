"""Names that stand for personal data, in memory."""

from collections.abc import Callable, Sequence

import msgspec

from kapell.kit.ids import TenantId
from kapell.kit.text import checked
from kapell.services.guardrails.ports import Pseudonym, Wish


class _Kept(msgspec.Struct):
    one: Pseudonym
    until: float


class MemoryPseudonyms:
    """One mapping.

    Args:
        now: The store's clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[tuple[str, str], dict[str, _Kept]] = {}

    async def name(
        self, tenant_id: TenantId, conversation: str, wishes: Sequence[Wish], keep: float
    ) -> Sequence[Pseudonym]:
        """Return the names of values, those there were or new ones."""
        checked(tenant_id, conversation, *(one.body for one in wishes))
        now = self._now()
        known = self._living(tenant_id, conversation)
        for one in wishes:
            if one.mark not in known:
                numbers = [each.one.number for each in known.values() if each.one.kind == one.kind]
                made = Pseudonym(
                    kind=one.kind,
                    number=max(numbers, default=0) + 1,
                    mark=one.mark,
                    body=one.body,
                    master=one.master,
                )
                known[one.mark] = _Kept(made, 0.0)
        for each in known.values():
            each.until = max(each.until, now + keep)
        self._kept[tenant_id, conversation] = known
        return [known[one.mark].one for one in wishes]

    async def of(self, tenant_id: TenantId, conversation: str) -> Sequence[Pseudonym]:
        """Return every name of a conversation whose time has not ended."""
        known = self._living(tenant_id, conversation).values()
        return sorted((each.one for each in known), key=lambda one: (one.kind, one.number))

    async def masters(self, tenant_id: TenantId) -> frozenset[str]:
        """Return the names of the keys that values of a tenant are sealed with."""
        mine = [place for place in self._kept if place[0] == tenant_id]
        return frozenset(
            each.one.master for place in mine for each in self._living(*place).values()
        )

    async def forget(self, tenant_id: TenantId, conversation: str | None) -> int:
        """Erase the names of a conversation, or of the whole tenant; return how many there were."""
        mine = [
            place
            for place in self._kept
            if place[0] == tenant_id and conversation in (None, place[1])
        ]
        return sum(len(self._kept.pop(place)) for place in mine)

    def _living(self, tenant_id: str, conversation: str) -> dict[str, _Kept]:
        now = self._now()
        known = self._kept.get((tenant_id, conversation), {})
        return {mark: each for mark, each in known.items() if each.until > now}
