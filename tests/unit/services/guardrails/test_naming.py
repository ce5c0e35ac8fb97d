"""Names for personal data: sealed per tenant, agreed on by workers, gone with the key."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from kapell.bootstrap.guarding.content import MasterSeals
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.services.guardrails.naming import Naming
from kapell.settings.spending import VaultSettings
from kapell.testing.stores import MemoryStore

T, OTHER = TenantId("acme"), TenantId("globex")
MAIL = {"anna@example.org": "email"}


def naming(
    store: MemoryStore,
    root: Path,
    master: SecretStr | None = None,
    older: SecretStr | None = None,
) -> Naming:
    """Return who gives names in one more process."""
    settings = VaultSettings(file="master.key", master=master, older=older)
    return Naming(store.pseudonyms, MasterSeals(root, settings, store), 1000.0, lambda: 1.0)


@pytest.mark.requirement("GR-02")
async def test_two_workers_give_the_same_names_and_know_each_others(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = naming(store, tmp_path), naming(store, tmp_path)
    first = await one.names(T, "c", {**MAIL, "bo@example.net": "email"})
    again = await two.names(T, "c", {"bo@example.net": "email", **MAIL})
    assert first == again == {"anna@example.org": "<EMAIL_1>", "bo@example.net": "<EMAIL_2>"}
    assert await two.values(T, "c", ["<EMAIL_2>", "<EMAIL_9>"]) == {"<EMAIL_2>": "bo@example.net"}
    assert await two.values(T, "other", ["<EMAIL_2>"]) == {}


SPELLINGS = {
    "Anna@Example.org": "email",
    "anna@example.org": "email",
    "+39 055 123 4567": "phone",
    "+390551234567": "phone",
    "DE89 3704 0044 0532 0130 00": "iban",
    "DE89370400440532013000": "iban",
}


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize("conversation", ["c", "~1"])
async def test_all_spellings_of_a_value_have_one_name(tmp_path: Path, conversation: str) -> None:
    store = MemoryStore()
    one, two = naming(store, tmp_path), naming(store, tmp_path)
    names = await one.names(T, conversation, SPELLINGS)
    assert set(names) == set(SPELLINGS)
    assert sorted(set(names.values())) == ["<EMAIL_1>", "<IBAN_1>", "<PHONE_1>"]
    later = {"ANNA@example.org": "email", "de89-3704-0044-0532-0130-00": "iban"}
    assert list((await one.names(T, conversation, later)).values()) == ["<EMAIL_1>", "<IBAN_1>"]
    assert await one.values(T, conversation, ["<EMAIL_1>"]) == {"<EMAIL_1>": "Anna@Example.org"}
    if conversation == "c":  # another worker reads them out of the store
        assert list((await two.names(T, conversation, later)).values()) == [
            "<EMAIL_1>",
            "<IBAN_1>",
        ]
        assert len(await store.pseudonyms.of(T, conversation)) == 3


@pytest.mark.requirement("GR-02")
async def test_what_is_stored_tells_nothing_and_opens_for_its_tenant_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    one = naming(store, tmp_path)
    await one.names(T, "c", MAIL)
    await one.names(OTHER, "c", MAIL)
    (mine,), (theirs,) = await store.pseudonyms.of(T, "c"), await store.pseudonyms.of(OTHER, "c")
    assert "anna" not in repr(mine)
    assert mine.mark != theirs.mark
    seals = MasterSeals(tmp_path, VaultSettings(file="master.key"), store)
    stranger = seals.of(OTHER, mine.master)
    assert stranger is not None
    with pytest.raises(Denied):
        stranger.unseal(mine.body, f"{T}\nc\n{mine.mark}")


@pytest.mark.requirement("GR-02")
async def test_with_the_key_gone_nothing_is_told_and_no_other_key_is_made(tmp_path: Path) -> None:
    store = MemoryStore()
    await naming(store, tmp_path).names(T, "c", MAIL)
    key = tmp_path / "master.key"
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    for asked in (
        naming(store, tmp_path).names(T, "c", MAIL),
        naming(store, tmp_path).names(T, "new", MAIL),
        naming(store, tmp_path).values(T, "c", ["<EMAIL_1>"]),
    ):
        with pytest.raises(Denied) as caught:
            await asked
        assert caught.value.code == "pseudonym_key_gone"
        assert "kapell guardrails forget" in caught.value.advice
        assert "anna" not in str(caught.value)
    assert not key.exists()
    assert await naming(store, tmp_path).forget(T, None) == 1
    assert await naming(store, tmp_path).names(T, "c", MAIL) == {"anna@example.org": "<EMAIL_1>"}


@pytest.mark.requirement("GR-02")
async def test_keys_of_before_still_open_what_they_sealed(tmp_path: Path) -> None:
    store = MemoryStore()
    await naming(store, tmp_path).names(T, "c", MAIL)
    old = SecretStr((tmp_path / "master.key").read_text("ascii").strip())
    new = SecretStr("A" * 43 + "=")
    turned = naming(store, tmp_path, master=new, older=old)
    assert await turned.values(T, "c", ["<EMAIL_1>"]) == {"<EMAIL_1>": "anna@example.org"}
    assert await turned.names(T, "c", MAIL) == {"anna@example.org": "<EMAIL_1>"}
    lost = naming(store, tmp_path, master=new)
    with pytest.raises(Denied, match="pseudonym_key_gone"):
        await lost.names(T, "c", MAIL)


@pytest.mark.requirement("GR-02")
async def test_what_is_erased_is_forgotten_here_too(tmp_path: Path) -> None:
    store = MemoryStore()
    one = naming(store, tmp_path)
    await one.names(T, "c", MAIL)
    await one.names(OTHER, "c", MAIL)
    assert await one.forget(T, "c") == 1
    assert one.at_hand(T, "c") == {}
    assert await one.values(T, "c", ["<EMAIL_1>"]) == {}
    assert await one.values(OTHER, "c", ["<EMAIL_1>"]) == {"<EMAIL_1>": "anna@example.org"}


async def test_single_calls_have_names_that_no_store_keeps(tmp_path: Path) -> None:
    store = MemoryStore()
    one = naming(store, tmp_path)
    apart, other = one.apart(), one.apart()
    assert await one.names(T, apart, MAIL) == {"anna@example.org": "<EMAIL_1>"}
    assert await one.values(T, apart, ["<EMAIL_1>"]) == {"<EMAIL_1>": "anna@example.org"}
    assert await one.values(T, other, ["<EMAIL_1>"]) == {}
    assert await store.pseudonyms.masters(T) == frozenset()
    assert not (tmp_path / "master.key").exists()


async def test_many_who_ask_at_once_get_one_name(tmp_path: Path) -> None:
    store = MemoryStore()
    one = naming(store, tmp_path)
    told = await asyncio.gather(*(one.names(T, "c", MAIL) for _ in range(20)))
    assert {names["anna@example.org"] for names in told} == {"<EMAIL_1>"}
    assert len(await store.pseudonyms.of(T, "c")) == 1
