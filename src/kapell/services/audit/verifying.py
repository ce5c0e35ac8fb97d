"""Verifies a tenant's record: the chain, the log it tells of, and the anchor of its head."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from kapell.core.audit.checking import Checker, Fault
from kapell.core.audit.lines import entry_of
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Entry, Head
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.services.audit.keeping import Auditor
from kapell.services.audit.ports import Anchors, AuditStore, Wanted

_PAGE = 1000


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What verification found: how much was looked at, the head, and everything wrong."""

    entries: int
    events: int
    head: Head
    faults: tuple[Fault, ...]


class _Log:
    """The events of one tenant, read on demand in the order of their positions."""

    def __init__(self, store: AuditStore, tenant: TenantId) -> None:
        self._store = store
        self._tenant = tenant
        self._ahead: deque[LogRow] = deque()
        self._after = 0
        self._ended = False
        self.count = 0

    async def until(self, position: int) -> Sequence[LogRow]:
        """Return what comes next, up to a position."""
        found: list[LogRow] = []
        while True:
            while self._ahead and self._ahead[0].position <= position:
                found.append(self._ahead.popleft())
            if self._ahead or self._ended:
                self.count += len(found)
                return found
            await self._read()

    async def _read(self) -> None:
        rows = await self._store.log(self._after, _PAGE, self._tenant)
        self._ended = len(rows) < _PAGE
        if rows:
            self._after = rows[-1].position
        self._ahead = deque(rows)


class Verifier:
    """Looks, and tells; it mends nothing.

    Args:
        store: Table and log.
        anchors: Where heads are anchored.
        auditor: Reads the log to its end first.
        tenant: Whose record is verified.
    """

    def __init__(
        self, store: AuditStore, anchors: Anchors, auditor: Auditor, tenant: TenantId
    ) -> None:
        self._store = store
        self._anchors = anchors
        self._auditor = auditor
        self._tenant = tenant

    async def verify(self, expected: tuple[int, str] | None = None) -> Verified:
        """Verify everything there is.

        Args:
            expected: Number and hash (or their start) of an entry, as somebody wrote them down.
        """
        checker, store, tenant = Checker(), self._store, self._tenant
        await self._anchor(checker)
        await self._auditor.catch_up()
        log, count = _Log(store, tenant), 0
        async for entry in self.entries(Wanted()):
            checker.take(entry, await log.until(entry.position))
            count += 1
        checker.finish(await log.until(await store.read()))
        if expected is not None:
            seq, prefix = expected
            checker.expected(seq, await self._at(seq), prefix)
        return Verified(
            entries=count, events=log.count, head=checker.head, faults=tuple(checker.faults)
        )

    async def entries(self, wanted: Wanted) -> AsyncIterator[Entry]:
        """Yield entries by their number, page by page."""
        after = wanted.after
        while True:
            page = msgspec.structs.replace(wanted, after=after, limit=_PAGE)
            found = await self._store.entries(self._tenant, page)
            for entry in found:
                yield entry
            if len(found) < _PAGE:
                return
            after = max(entry.seq for entry in found)

    async def _anchor(self, checker: Checker) -> None:
        """Compare with the anchor before anything is added: it would cover what was cut off."""
        try:
            anchor, sealed = await self._anchors.load(self._tenant)
        except KapellError as error:
            checker.faults.append(
                Fault(
                    code="anchor_unreadable",
                    seq=0,
                    message=error.message,
                    advice=error.advice,
                )
            )
            return
        found = None if anchor is None else await self._at(anchor.seq)
        checker.anchored(anchor, sealed, found)

    async def _at(self, seq: int) -> Entry | None:
        found = await self._store.entries(self._tenant, Wanted(after=seq - 1, limit=1))
        return found[0] if found and found[0].seq == seq else None


def verify_lines(lines: Iterable[bytes], expected: tuple[int, str] | None = None) -> Verified:
    """Verify an exported record by itself: the chain, from its first entry on.

    Args:
        lines: What was exported.
        expected: Number and hash (or their start) of an entry, as somebody wrote them down; it
            shows whether the end was cut off, which a chain by itself does not.

    Raises:
        Invalid: ``audit_line_broken``.
    """
    checker, count = Checker(), 0
    found: Entry | None = None
    for number, line in enumerate(lines, start=1):
        entry = entry_of(line, number)
        if expected is not None and entry.seq == expected[0]:
            found = entry
        if not count:
            checker = Checker(Head(seq=entry.seq - 1, hash=entry.previous))
        checker.take(entry, None)
        count += 1
    if expected is not None:
        checker.expected(expected[0], found, expected[1])
    return Verified(entries=count, events=0, head=checker.head, faults=tuple(checker.faults))
