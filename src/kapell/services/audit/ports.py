"""What the audit record needs, and what others need of it: table, log, anchor, acts put on it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kapell.core.audit.anchor import Anchor, Sealed
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Entry, Head
from kapell.kit.ids import RunId, TenantId


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are shown; empty fields choose everything, ``action`` also by its beginning.

    ``actor`` chooses what somebody did, and what workers did in the runs that they started.
    """

    after: int = 0
    run_id: str = ""
    actor: str = ""
    action: str = ""
    verdict: str = ""
    since: float | None = None
    newest: bool = False
    limit: int = 1000


class AuditStore(Protocol):
    """The table of the record, and the log in the order of its positions.

    There is no way to change or delete an entry.
    """

    async def head(self, tenant_id: TenantId) -> Head:
        """Return the head of a tenant's chain."""
        ...

    async def append(self, entries: Sequence[Entry], read: tuple[int, int] | None = None) -> bool:
        """Add entries, all or none; False when somebody else was faster.

        Args:
            entries: Of any tenants, each tenant's in order.
            read: The position up to which the log was read before, and is now.
        """
        ...

    async def read(self) -> int:
        """Return the position up to which the log was read."""
        ...

    async def entries(self, tenant_id: TenantId, wanted: Wanted) -> Sequence[Entry]:
        """Return entries by their number, the newest first when asked so."""
        ...

    async def log(
        self, after: int, limit: int, tenant_id: TenantId | None = None
    ) -> Sequence[LogRow]:
        """Return events after a position, of all tenants or of one."""
        ...

    async def subjects(self, tenant_id: TenantId, runs: Sequence[RunId]) -> Mapping[RunId, str]:
        """Return who started runs."""
        ...


class Anchors(Protocol):
    """Where heads are kept outside of the database, sealed."""

    async def load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        """Return the anchor of a tenant and whether its seal holds.

        Raises:
            Conflict: ``anchor_unreadable``.
        """
        ...

    async def save(
        self, tenant_id: TenantId, head: Head, at: float, *, anyway: bool = False
    ) -> None:
        """Seal a head and keep it in place of the one before.

        One that is older than what is there changes nothing, unless ``anyway``.

        Raises:
            Unavailable: ``anchor_unwritable``.
        """
        ...

    async def begin(self, tenant_id: TenantId, at: float) -> None:
        """Keep the head of a record without entries, unless anchors were sealed here before.

        Raises:
            Unavailable: ``anchor_unwritable``.
        """
        ...


class Acts(Protocol):
    """Puts an act outside of runs on record."""

    async def act(
        self,
        action: str,
        target: str,
        verdict: str = "",
        *,
        actor: str = "",
        whence: str = "",
        **details: str | int,
    ) -> None:
        """Put it on record, at once."""
        ...
