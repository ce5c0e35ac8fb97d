"""Many processes keep one record at once, on each store: every event once, in an unbroken chain."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.core.audit.anchor import Anchor, Sealed, unsealed
from kapell.core.audit.record import Head
from kapell.kit.ids import TenantId
from kapell.services.audit.keeping import Auditor
from kapell.services.audit.ports import Wanted
from kapell.services.audit.verifying import Verifier
from kapell.services.vault.ports import KeyUse
from tests.contract.stores.runs import T, new

pytestmark = pytest.mark.requirement("GR-03")


class Still:
    """A clock that stands."""

    def now(self) -> float:
        """Return the one instant there is."""
        return 5.0


class Kept:
    """Anchors in memory, whose seals hold."""

    def __init__(self) -> None:
        self.anchors: dict[TenantId, Anchor] = {}

    async def load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        """Return the anchor of a tenant."""
        return self.anchors.get(tenant_id), "good"

    async def save(
        self, tenant_id: TenantId, head: Head, at: float, *, anyway: bool = False
    ) -> None:
        """Keep a head that is newer."""
        before = self.anchors.get(tenant_id)
        if anyway or before is None or before.seq < head.seq:
            self.anchors[tenant_id] = unsealed(tenant_id, head, at, "k")

    async def begin(self, tenant_id: TenantId, at: float) -> None:
        """Keep the head of a record without entries."""
        await self.save(tenant_id, Head(), at)


def auditor(store: Store, anchors: Kept, name: str = "ann") -> Auditor:
    """Return who keeps the record in one of many processes."""
    return Auditor(
        store.audit, anchors, clock=Still(), mask=str, tenant=T, actor=f"user:{name}", whence="host"
    )


async def test_many_at_once_keep_one_unbroken_record(store: Store) -> None:
    anchors = Kept()
    many = [auditor(store, anchors, f"user{number}") for number in range(4)]
    await many[0].begin()

    async def work(number: int) -> None:
        await store.starts.start([new(f"run{number}")])
        await many[number].act("tools.call", f"tool{number}")
        await many[number].catch_up()

    await asyncio.gather(*(work(number) for number in range(4)))
    await many[0].catch_up()
    entries = await store.audit.entries(T, Wanted())
    acts = sorted((one.act.action, one.act.run_id or one.act.target) for one in entries)
    assert acts == [("run.queued", f"run{n}") for n in range(4)] + [
        ("tools.call", f"tool{n}") for n in range(4)
    ]
    found = await Verifier(store.audit, anchors, many[0], T).verify()
    assert (found.faults, found.entries, found.events) == ((), 8, 4)
    assert anchors.anchors[T].seq == 8
    assert await many[1].catch_up() == 0


async def test_an_anchor_that_is_not_in_the_chain_stays_as_a_witness(store: Store) -> None:
    anchors = Kept()
    keeper = auditor(store, anchors)
    await keeper.act("tools.call", "a")
    stranger = Anchor(tenant_id=T, seq=1, hash=Head().hash, at=1.0, key="k")
    anchors.anchors[T] = stranger
    await keeper.act("tools.call", "b")
    assert anchors.anchors[T] == stranger
    found = await Verifier(store.audit, anchors, keeper, T).verify()
    assert [one.code for one in found.faults] == ["chain_rewritten"]
    head = await keeper.accept("looked at it")
    assert anchors.anchors[T].hash == head.hash
    assert (await Verifier(store.audit, anchors, keeper, T).verify()).faults == ()


async def test_a_use_of_a_key_is_on_record_without_its_reason(store: Store) -> None:
    keeper = auditor(store, Kept())
    use = KeyUse(
        id="1", name="A", version=2, action="read", actor="user:ann", reason="words", at=1.0
    )
    await keeper.key_used(use)
    (entry,) = await store.audit.entries(T, Wanted())
    assert (entry.act.action, entry.act.target) == ("key.read", "A")
    assert entry.act.details == {"version": 2}
