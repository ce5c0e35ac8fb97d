"""A stretch of the log in, the entries that follow the heads out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Act, Entry, Head, chained, head_of, running
from kapell.core.audit.telling import Mask, told
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest

SEALED = "log.sealed"
"""The act of covering events that have no entry of their own."""


class _Tail(NamedTuple):
    """Events of a tenant that no entry covers yet."""

    position: int
    log: Digest
    events: int


class Deriving:
    """Makes entries of events, each tenant's tied to its head.

    Args:
        heads: The heads of all tenants the events are of.
        subjects: Who started their runs.
        mask: Hides secrets and personal data in names.
        now: The time of the entries that cover events without an entry of their own.
    """

    def __init__(
        self,
        heads: Mapping[TenantId, Head],
        subjects: Mapping[tuple[TenantId, RunId], str],
        mask: Mask,
        now: float,
    ) -> None:
        self.heads = dict(heads)
        self.entries: list[Entry] = []
        self._subjects = subjects
        self._mask = mask
        self._now = now
        self._tails: dict[TenantId, _Tail] = {}

    def take(self, rows: Sequence[LogRow]) -> None:
        """Take the events in the order of their positions."""
        for row in rows:
            self._take(row)
        for tenant, tail in self._tails.items():
            act = Act(
                at=self._now,
                actor="system",
                action=SEALED,
                target="log",
                details={"events": tail.events},
            )
            self._add(tenant, act, tail.position, tail.log)
        self._tails.clear()

    def _take(self, row: LogRow) -> None:
        tenant = row.tenant_id
        tail = self._tails.pop(tenant, None)
        log = running(tail.log if tail else self.heads[tenant].log, row.digest)
        subject = self._subjects.get((tenant, row.run_id), "")
        act = None if row.event is None else told(row.event, row.digest, subject, self._mask)
        if act is None:
            self._tails[tenant] = _Tail(row.position, log, (tail.events if tail else 0) + 1)
        else:
            self._add(tenant, act, row.position, log)

    def _add(self, tenant: TenantId, act: Act, position: int, log: Digest) -> None:
        entry = chained(tenant, self.heads[tenant], act, position, log)
        self.entries.append(entry)
        self.heads[tenant] = head_of(entry)
