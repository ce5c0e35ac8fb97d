"""The vault: what is kept is sealed, what comes out is on record, what was moved does not open."""

import base64
import itertools
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from kapell.adapters.vault.sealing import (
    AesSealer,
    PlainSealer,
    new_master,
    read_master,
    sealer_of,
)
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied, Invalid, Missing, Unavailable
from kapell.kit.ids import TenantId
from kapell.services.vault.ports import KeyUse, Sealer
from kapell.services.vault.vault import PLAIN, Vault
from kapell.testing.stores import MemoryStore
from kapell.testing.stores.keys import MemoryKeys

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
KEY = "sk-very-secret-0123456789"
ONE, TWO = AesSealer(b"1" * 32), AesSealer(b"2" * 32)

_COUNT = itertools.count()


class _Clock(Clock):
    def now(self) -> float:
        return 5.0


def _vault(
    store: MemoryStore,
    sealer: Sealer | None = ONE,
    older: Mapping[str, Sealer] | None = None,
    tenant: TenantId = ACME,
) -> Vault:
    return Vault(
        store.keys, sealer, older or {}, tenant=tenant, actor="user:me", clock=_Clock(),
        random=lambda: next(_COUNT),
    )  # fmt: skip


@pytest.mark.requirement("LG-08")
async def test_a_key_is_sealed_and_each_use_is_on_record() -> None:
    store = MemoryStore()
    vault = _vault(store)
    assert await vault.set("OPENAI_API_KEY", f"{KEY}\n", "first") == 1
    assert await vault.key("OPENAI_API_KEY", "calls of openai") == KEY
    assert await vault.key("OTHER", "calls of other") is None
    stored = msgspec.json.encode((await store.keys.keys(ACME), await store.keys.uses(ACME)))
    assert KEY.encode() not in stored
    assert base64.b64encode(KEY.encode())[:16] not in stored
    uses = [
        (one.action, one.name, one.version, one.actor, one.reason) for one in await vault.uses()
    ]
    assert uses == [
        ("read", "OPENAI_API_KEY", 1, "user:me", "calls of openai"),
        ("set", "OPENAI_API_KEY", 1, "user:me", "first"),
    ]


async def test_the_newest_version_counts_and_equal_keys_look_different() -> None:
    store = MemoryStore()
    vault = _vault(store)
    await vault.set("A", KEY)
    await vault.set("A", KEY)
    one, two = await store.keys.keys(ACME)
    assert one.body != two.body
    assert await vault.set("A", "another") == 3
    assert await vault.key("A", "") == "another"
    (info,) = await vault.infos()
    assert (info.version, info.versions, info.sealed, info.readable) == (3, 3, True, True)


@pytest.mark.parametrize("moved", ["name", "tenant", "bit", "cut", "text"])
async def test_a_seal_that_was_moved_or_changed_does_not_open(moved: str) -> None:
    store = MemoryStore()
    await _vault(store).set("A", KEY)
    (sealed,) = await store.keys.keys(ACME)
    data = bytearray(base64.b64decode(sealed.body))
    data[-1] ^= 1
    bodies = {
        "bit": base64.b64encode(bytes(data)).decode(), "cut": sealed.body[:8], "text": "no base64!"
    }  # fmt: skip
    tenant, name = (GLOBEX if moved == "tenant" else ACME), ("B" if moved == "name" else "A")
    await store.keys.add(tenant, name, bodies.get(moved, sealed.body), sealed.master)
    vault = _vault(store, tenant=tenant)
    with pytest.raises(Denied) as denied:
        await vault.key(name, "try")
    assert denied.value.code == "key_unreadable"
    assert (await vault.uses())[0].action == "refused"


@pytest.mark.requirement("LG-08")
async def test_another_master_key_takes_over() -> None:
    store = MemoryStore()
    await _vault(store).set("A", KEY)
    await _vault(store).set("B", "b")
    without = _vault(store, TWO)
    assert [one.readable for one in await without.infos()] == [False, False]
    for doing in (without.key("A", ""), without.reseal()):
        with pytest.raises(Denied, match="not here"):
            await doing
    assert await _vault(store).key("A", "") == KEY  # nothing was changed half-way
    assert await _vault(store, TWO, {ONE.master: ONE}).reseal() == 2
    assert await without.key("A", "") == KEY
    assert await _vault(store, TWO, {ONE.master: ONE}).reseal() == 0


async def test_without_a_master_key_nothing_is_kept_unless_asked_for() -> None:
    store = MemoryStore()
    locked = _vault(store, None)
    with pytest.raises(Denied) as denied:
        await locked.set("A", KEY)
    assert denied.value.code == "vault_locked"
    assert await store.keys.keys(ACME) == []
    plain = _vault(store, PlainSealer(), {PLAIN: PlainSealer()})
    await plain.set("A", KEY)
    assert await plain.key("A", "") == KEY
    assert not (await plain.infos())[0].sealed
    with pytest.raises(Denied):
        await _vault(store, ONE).key("A", "")


@pytest.mark.parametrize(
    ("name", "key"),
    [("", KEY), ("a b", KEY), ("-x", KEY), ("a" * 101, KEY), ("A", " \n"), ("A", "x\0y"),
     ("A", "two\nlines"), ("A", "x" * 20_001)],
)  # fmt: skip
async def test_what_is_no_key_is_refused(name: str, key: str) -> None:
    store = MemoryStore()
    with pytest.raises(Invalid) as wrong:
        await _vault(store).set(name, key)
    assert KEY not in str(wrong.value)
    assert await store.keys.keys(ACME) == []


async def test_a_key_is_removed_and_its_record_stays() -> None:
    vault = _vault(MemoryStore())
    with pytest.raises(Missing):
        await vault.remove("A")
    await vault.set("A", KEY)
    await vault.remove("A", "gone")
    assert await vault.key("A", "") is None
    assert [one.action for one in await vault.uses()] == ["removed", "set"]


class _Unrecorded(MemoryKeys):
    """A store that takes no records any more."""

    full = False

    async def note(self, tenant_id: TenantId, use: KeyUse) -> None:
        if self.full:
            raise Unavailable("The disk is full.")
        await super().note(tenant_id, use)


@pytest.mark.requirement("LG-08")
async def test_nothing_is_done_to_a_key_that_is_not_on_record_first() -> None:
    store = MemoryStore()
    store.keys = keys = _Unrecorded(lambda: 5.0)
    vault, other = _vault(store), _vault(store, TWO, {ONE.master: ONE})
    await vault.set("A", KEY)
    before = await keys.keys(ACME)
    keys.full = True
    for doing in (vault.set("A", "b"), vault.set("B", "b"), vault.key("A", ""), vault.remove("A"),
                  other.reseal()):  # fmt: skip
        with pytest.raises(Unavailable):
            await doing
    assert await keys.keys(ACME) == before


@pytest.mark.parametrize("text", ["", "short", "not base64 at all!", "YWJj"])
def test_a_wrong_master_key_is_told_without_it(text: str) -> None:
    with pytest.raises(Invalid) as wrong:
        sealer_of(text, "here")
    assert wrong.value.code == "master_key_wrong"
    assert not text or text not in wrong.value.message


def test_the_master_key_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    assert read_master(path) == ""
    new_master(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sealer_of(read_master(path), "file").master != ONE.master
    with pytest.raises(Denied) as again:
        new_master(path)
    os.chmod(path, 0o644)
    with pytest.raises(Denied) as seen:
        read_master(path)
    assert (again.value.code, seen.value.code) == ("master_key_exists", "master_key_open")
