"""The audit record in memory."""

from collections.abc import Mapping, Sequence

from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Entry, Head, event_digest, head_of
from kapell.core.audit.telling import tells
from kapell.core.events.codec import dump
from kapell.core.events.envelope import Event
from kapell.kit.ids import RunId, TenantId
from kapell.services.audit.ports import Wanted
from kapell.testing.stores.state import State


class MemoryAudit:
    """A list for each tenant."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._chains: dict[TenantId, list[Entry]] = {}
        self._read = 0

    async def head(self, tenant_id: TenantId) -> Head:
        """Return the head of a tenant's chain."""
        chain = self._chains.get(tenant_id)
        return head_of(chain[-1]) if chain else Head()

    async def append(self, entries: Sequence[Entry], read: tuple[int, int] | None = None) -> bool:
        """Add entries, all or none; False when somebody else was faster."""
        lengths = {one.tenant_id: len(self._chains.get(one.tenant_id, ())) for one in entries}
        if any(one.seq <= lengths[one.tenant_id] for one in entries):
            return False
        if read is not None:
            if self._read != read[0]:
                return False
            self._read = read[1]
        for one in entries:
            self._chains.setdefault(one.tenant_id, []).append(one)
        return True

    async def read(self) -> int:
        """Return the position up to which the log was read."""
        return self._read

    async def entries(self, tenant_id: TenantId, wanted: Wanted) -> Sequence[Entry]:
        """Return entries by their number, the newest first when asked so."""
        found = [one for one in self._chains.get(tenant_id, ()) if _fits(one, wanted)]
        return (found[::-1] if wanted.newest else found)[: wanted.limit]

    async def log(
        self, after: int, limit: int, tenant_id: TenantId | None = None
    ) -> Sequence[LogRow]:
        """Return events after a position, of all tenants or of one."""
        found = [
            _logged(position, event)
            for position, event in enumerate(self._state.log[after:], start=after + 1)
            if tenant_id in {None, event.tenant_id}
        ]
        return found[:limit]

    async def subjects(self, tenant_id: TenantId, runs: Sequence[RunId]) -> Mapping[RunId, str]:
        """Return who started runs."""
        return {run: self._state.runs[tenant_id, run].events[0].actor for run in runs}


def _fits(entry: Entry, wanted: Wanted) -> bool:
    act = entry.act
    return (
        entry.seq > wanted.after
        and wanted.run_id in {"", act.run_id}
        and wanted.actor in {"", act.actor, act.actor.startswith("worker:") and act.subject}
        and (wanted.action in {"", act.action} or act.action.startswith(f"{wanted.action}."))
        and wanted.verdict in {"", act.verdict}
        and (wanted.since is None or act.at >= wanted.since)
    )


def _logged(position: int, event: Event) -> LogRow:
    columns = (
        event.tenant_id, event.run_id, event.seq, event.id, event.type, event.version, event.at,
        event.correlation_id, event.causation_id, event.actor, dump(event.payload),
    )  # fmt: skip
    digest = event_digest(columns)
    known = event if tells(event.type) else None
    return LogRow(position, event.tenant_id, event.run_id, event.seq, digest, known)
