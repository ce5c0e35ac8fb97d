"""An event as the record sees it: by its digest."""

import msgspec

from kapell.core.events.envelope import Event
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest


class LogRow(msgspec.Struct, frozen=True):
    """An event as it is stored: its position, its number in the run, the digest of its columns.

    ``event`` is None when it has no entry of its own, or this release cannot read it.
    """

    position: int
    tenant_id: TenantId
    run_id: RunId
    number: int
    digest: Digest
    event: Event | None = None
