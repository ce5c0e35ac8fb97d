"""The vault's store: versions, seals put anew, uses on record, on each store."""

import asyncio

from kapell.adapters.db import Store
from kapell.kit.ids import TenantId
from kapell.services.vault.ports import KeyUse
from tests.contract.stores.runs import T

OTHER = TenantId("globex")


async def test_a_key_has_versions(store: Store) -> None:
    assert await store.keys.newest(T, "A") is None
    assert [await store.keys.add(T, "A", f"body{n}", "m1") for n in range(3)] == [1, 2, 3]
    assert await store.keys.add(T, "B", "b", "m2") == 1
    assert await store.keys.add(OTHER, "A", "theirs", "m1") == 1
    found = [(one.name, one.version, one.body, one.master) for one in await store.keys.keys(T)]
    assert found == [("A", n + 1, f"body{n}", "m1") for n in range(3)] + [("B", 1, "b", "m2")]
    newest = await store.keys.newest(T, "A")
    assert newest is not None
    assert (newest.version, newest.body) == (3, "body2")
    assert newest.created_at > 0


async def test_versions_made_at_once_are_different(store: Store) -> None:
    made = await asyncio.gather(*(store.keys.add(T, "A", f"body{n}", "m") for n in range(8)))
    assert sorted(made) == list(range(1, 9))


async def test_a_seal_is_put_anew(store: Store) -> None:
    await store.keys.add(T, "A", "one", "m1")
    await store.keys.add(OTHER, "A", "theirs", "m1")
    await store.keys.reseal(T, "A", 1, "other", "m2")
    newest, theirs = await store.keys.newest(T, "A"), await store.keys.newest(OTHER, "A")
    assert newest is not None
    assert theirs is not None
    assert (newest.body, newest.master, theirs.body) == ("other", "m2", "theirs")


async def test_a_key_is_removed_with_all_versions(store: Store) -> None:
    for tenant in (T, OTHER):
        await store.keys.add(tenant, "A", "one", "m")
        await store.keys.add(tenant, "A", "two", "m")
    await store.keys.remove(T, "A")
    assert await store.keys.keys(T) == []
    assert len(await store.keys.keys(OTHER)) == 2


async def test_uses_are_on_record_newest_first(store: Store) -> None:
    uses = [
        KeyUse(id=f"{n:026d}", name="A", version=n, action="read", actor="user:me", reason="why",
               at=float(n))
        for n in range(5)
    ]  # fmt: skip
    for use in (*uses, uses[0]):
        await store.keys.note(T, use)
    assert await store.keys.uses(T) == uses[::-1]
    assert await store.keys.uses(T, limit=2) == uses[:2:-1]
    assert await store.keys.uses(OTHER) == []
