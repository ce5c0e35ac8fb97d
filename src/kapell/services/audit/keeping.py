"""Keeps the record up with the log, and takes the acts that happen outside of runs.

The record is derived from what the log holds, in the background, and never slows a run down
(docs/decisions/0021). Any process may do it: who comes second finds it done.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from kapell.core.audit.deriving import Deriving
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import BEGINNING, Act, Detail, Head, chained, head_of
from kapell.core.audit.telling import Mask, hidden, named, placed
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError, Unavailable
from kapell.kit.ids import RunId, TenantId
from kapell.services.audit.ports import Anchors, AuditStore, Wanted
from kapell.services.vault.ports import KeyUse

log = logging.getLogger(__name__)

ANCHORED = "audit.anchored"
"""The act of accepting a chain as it is."""

CHANGED = "definitions.changed"
"""The act of working with other settings or policies than before."""

AGAIN = 5.0
"""Seconds after which a process that goes on looks whether other definitions hold than before."""

BATCH = 500
_TRIES = 12


class Auditor:
    """Writes the record of a store.

    Args:
        store: Table and log.
        anchors: Where heads are anchored.
        clock: The time of acts outside of runs, and of anchors.
        mask: Hides secrets and personal data in names.
        tenant: Whose acts those outside of runs are.
        actor: Who acts here.
        whence: From where.
        versions: Returns what the definitions of now are, by their names; asked every ``AGAIN``.
    """

    def __init__(
        self,
        store: AuditStore,
        anchors: Anchors,
        *,
        clock: Clock,
        mask: Mask,
        tenant: TenantId,
        actor: str,
        whence: str,
        versions: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._versions = versions
        self._noted: Mapping[str, str] = {}
        self._note_at = float("-inf")
        self._store = store
        self._anchors = anchors
        self._clock = clock
        self._mask = mask
        self._tenant = tenant
        self._actor = actor
        self._whence = whence
        self.unanchored: KapellError | None = None
        """Why the head of the record could not be kept, when it could not."""

    async def begin(self) -> None:
        """Anchor a record before anything happens, so that it cannot begin anew unseen.

        Later the lack of an anchor is a fault: whoever knows why accepts it.
        """
        try:
            anchor, _ = await self._anchors.load(self._tenant)
            if anchor is None and await self._nothing_yet():
                await self._anchors.begin(self._tenant, self._clock.now())
        except KapellError as error:
            self.unanchored = error
            log.warning("the audit record is not anchored: %s", error)

    async def _nothing_yet(self) -> bool:
        head = await self._store.head(self._tenant)
        return head.seq == 0 and not await self._store.log(0, 1, self._tenant)

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
        """Put an act outside of runs on record, at once; of who acts here unless another is named.

        Raises:
            Unavailable: ``audit_busy``: others wrote all the time.
        """
        mask = self._mask
        act = Act(
            at=self._clock.now(),
            actor=hidden(actor or self._actor, mask),
            action=action,
            target=named(target, mask),
            verdict=named(verdict, mask),
            whence=placed(whence or self._whence, mask),
            details={
                key: named(value, mask) if isinstance(value, str) else value
                for key, value in details.items()
            },
        )
        for _ in range(_TRIES):
            before = await self._store.head(self._tenant)
            entry = chained(self._tenant, before, act)
            if await self._store.append([entry]):
                await self._anchor(self._tenant, before, head_of(entry))
                return
        raise _busy()

    async def key_used(self, use: KeyUse) -> None:
        """Put a use of the vault on record; its reason stays with the vault."""
        await self.act(f"key.{use.action}", use.name, version=use.version)

    async def _note_versions(self) -> None:
        """Put on record which definitions hold, where they are others than before."""
        now = self._clock.now()
        if 0 <= now - self._note_at < AGAIN:
            return
        self._note_at, versions = now, self._versions()
        if versions == self._noted:
            return
        wanted = Wanted(action=CHANGED, newest=True, limit=100)
        known: dict[str, Detail] = {}
        for entry in await self._store.entries(self._tenant, wanted):
            known.setdefault(entry.act.target, entry.act.details.get("version", ""))
        for name, version in versions.items():
            if known.get(name) != version:
                await self.act(CHANGED, name, "used", version=version)
        self._noted = versions

    async def catch_up(self, batches: int | None = None) -> int:
        """Read the log to its end; return how many entries were written.

        Args:
            batches: Most stretches of ``BATCH`` events that are read now; None: all.

        Raises:
            Unavailable: ``audit_busy``: others wrote all the time.
        """
        written, tries = 0, 0
        starts: dict[TenantId, Head] = {}
        ends: dict[TenantId, Head] = {}
        while rows := await self._store.log(before := await self._store.read(), BATCH):
            # One stretch after another: between two, others on this loop have their turn.
            heads = {tenant: await self._store.head(tenant) for tenant in _tenants(rows)}
            deriving = await self._derived(rows, heads)
            if await self._store.append(deriving.entries, (before, rows[-1].position)):
                written, tries = written + len(deriving.entries), 0
                starts = {**heads, **starts}
                ends |= deriving.heads
                batches = None if batches is None else batches - 1
                if batches == 0 or len(rows) < BATCH:
                    break
            elif (tries := tries + 1) >= _TRIES:
                raise _busy()
        for tenant, end in ends.items():
            await self._anchor(tenant, starts[tenant], end)
        return written

    async def chore(self, busy: bool) -> None:
        """Catch up while nothing else is to be done, else read one stretch."""
        await self._note_versions()
        await self.catch_up(1 if busy else None)

    async def accept(self, reason: str) -> Head:
        """Anchor the chain as it is; that somebody did so is an entry of it."""
        await self.act(ANCHORED, "chain", "accepted", reason=reason)
        head = await self._store.head(self._tenant)
        await self._anchors.save(self._tenant, head, self._clock.now(), anyway=True)
        return head

    async def _derived(self, rows: Sequence[LogRow], starts: Mapping[TenantId, Head]) -> Deriving:
        """Return the entries of a stretch of the log, and the heads after them."""
        subjects: dict[tuple[TenantId, RunId], str] = {}
        for tenant in starts:
            runs = sorted({row.run_id for row in rows if row.tenant_id == tenant})
            known = await self._store.subjects(tenant, runs)
            subjects.update({(tenant, run): subject for run, subject in known.items()})
        deriving = Deriving(starts, subjects, self._mask, self._clock.now())
        deriving.take(rows)
        return deriving

    async def _anchor(self, tenant: TenantId, before: Head, head: Head) -> None:
        """Move the anchor on, if what it holds is in the chain; else it stays as a witness.

        Without an anchor none is made: it was there before the first entry, see ``begin``.
        """
        try:
            anchor, sealed = await self._anchors.load(tenant)
            if (
                anchor is not None
                and sealed == "good"
                and await self._stands(tenant, anchor.seq, anchor.hash, before)
            ):
                await self._anchors.save(tenant, head, self._clock.now())
        except KapellError as error:
            self.unanchored = error
            log.warning("the head of the audit record is not anchored: %s", error)

    async def _stands(self, tenant: TenantId, seq: int, hash_: str, before: Head) -> bool:
        if seq == before.seq:
            return hash_ == before.hash
        if seq == 0:
            return hash_ == BEGINNING
        found = await self._store.entries(tenant, Wanted(after=seq - 1, limit=1))
        return bool(found) and found[0].seq == seq and found[0].hash == hash_


def _tenants(rows: Sequence[LogRow]) -> list[TenantId]:
    return sorted({row.tenant_id for row in rows})


def _busy() -> Unavailable:
    return Unavailable(
        "The audit record could not be written: other processes were faster each time.",
        code="audit_busy",
        advice="Try again; if it goes on, look how many processes write to this database.",
    )
