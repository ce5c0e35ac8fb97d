"""What the vault needs: who seals, and where what is sealed and its uses are kept."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from kapell.kit.ids import TenantId

Action: TypeAlias = Literal["set", "read", "removed", "resealed", "refused"]


class SealedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a key as it is stored; ``master`` names what it was sealed with."""

    name: str
    version: int
    body: str
    master: str
    created_at: float


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """One access: who did what to which version, why and when. The key itself is never in it."""

    id: str
    name: str
    version: int
    action: Action
    actor: str
    reason: str
    at: float


class Sealer(Protocol):
    """Seals texts so that only who has the master key can open them."""

    @property
    def master(self) -> str:
        """Return a name of the master key that tells nothing about it."""
        ...

    def seal(self, text: str, about: str) -> str:
        """Return ``text`` sealed; it opens only together with the same ``about``."""
        ...

    def unseal(self, body: str, about: str) -> str:
        """Return the text again.

        Raises:
            Denied: ``key_unreadable`` when it was changed, moved or sealed by another.
        """
        ...


class KeyStore(Protocol):
    """Sealed keys with all their versions, and the record of their uses."""

    async def add(self, tenant_id: TenantId, name: str, body: str, master: str) -> int:
        """Keep a new version and return its number, one more than the last."""
        ...

    async def keys(self, tenant_id: TenantId) -> Sequence[SealedKey]:
        """Return every version of every key, by name and number."""
        ...

    async def newest(self, tenant_id: TenantId, name: str) -> SealedKey | None:
        """Return the last version of a key, None when there is none."""
        ...

    async def reseal(
        self, tenant_id: TenantId, name: str, version: int, body: str, master: str
    ) -> None:
        """Put another seal around a version."""
        ...

    async def remove(self, tenant_id: TenantId, name: str) -> None:
        """Forget every version of a key."""
        ...

    async def note(self, tenant_id: TenantId, use: KeyUse) -> None:
        """Put a use on record."""
        ...

    async def uses(self, tenant_id: TenantId, limit: int = 100) -> Sequence[KeyUse]:
        """Return the last uses, newest first."""
        ...
