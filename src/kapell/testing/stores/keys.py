"""Sealed keys and their uses in memory."""

from collections.abc import Callable, Sequence

import msgspec

from kapell.kit.ids import TenantId
from kapell.kit.text import checked
from kapell.services.vault.ports import KeyUse, SealedKey


class MemoryKeys:
    """Two lists.

    Args:
        now: The store's clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._keys: dict[tuple[str, str, int], SealedKey] = {}
        self._uses: dict[str, dict[str, KeyUse]] = {}

    async def add(self, tenant_id: TenantId, name: str, body: str, master: str) -> int:
        """Keep a new version and return its number."""
        checked(tenant_id, name, body, master)
        last = await self.newest(tenant_id, name)
        version = 1 if last is None else last.version + 1
        self._keys[tenant_id, name, version] = SealedKey(
            name=name, version=version, body=body, master=master, created_at=self._now()
        )
        return version

    async def keys(self, tenant_id: TenantId) -> Sequence[SealedKey]:
        """Return every version of every key."""
        return [key for place, key in sorted(self._keys.items()) if place[0] == tenant_id]

    async def newest(self, tenant_id: TenantId, name: str) -> SealedKey | None:
        """Return the last version of a key."""
        found = [key for key in await self.keys(tenant_id) if key.name == name]
        return found[-1] if found else None

    async def reseal(
        self, tenant_id: TenantId, name: str, version: int, body: str, master: str
    ) -> None:
        """Put another seal around a version."""
        place = (tenant_id, name, version)
        if place in self._keys:
            self._keys[place] = msgspec.structs.replace(self._keys[place], body=body, master=master)

    async def remove(self, tenant_id: TenantId, name: str) -> None:
        """Forget every version of a key."""
        for place in [one for one in self._keys if one[:2] == (tenant_id, name)]:
            del self._keys[place]

    async def note(self, tenant_id: TenantId, use: KeyUse) -> None:
        """Put a use on record."""
        checked(use.name, use.actor, use.reason)
        self._uses.setdefault(tenant_id, {}).setdefault(use.id, use)

    async def uses(self, tenant_id: TenantId, limit: int = 100) -> Sequence[KeyUse]:
        """Return the last uses, newest first."""
        found = self._uses.get(tenant_id, {})
        return [found[id_] for id_ in sorted(found, reverse=True)[:limit]]
