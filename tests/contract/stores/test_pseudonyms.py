"""Names that stand for personal data: one for each value, however many ask, on each store."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.kit.ids import TenantId
from kapell.services.guardrails.ports import Wish
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T

OTHER = TenantId("globex")
DAY = 86_400.0


def wish(mark: str, kind: str = "EMAIL", master: str = "m") -> Wish:
    """Return a wish for a name."""
    return Wish(kind=kind, mark=mark, body=f"sealed {mark}", master=master)


async def numbered(store: Store, conversation: str, *marks: str) -> list[int]:
    """Return the numbers of the names of some marks."""
    made = await store.pseudonyms.name(T, conversation, [wish(one) for one in marks], DAY)
    return [one.number for one in made]


@pytest.mark.requirement("GR-02")
async def test_a_value_keeps_its_name_within_a_conversation(store: Store) -> None:
    assert await numbered(store, "c", "a", "b", "a") == [1, 2, 1]
    assert await numbered(store, "c", "b", "x") == [2, 3]
    assert await numbered(store, "other", "b") == [1]
    (other,) = await store.pseudonyms.name(T, "c", [wish("a2", "CARD", "n")], DAY)
    assert (other.kind, other.number, other.body, other.master) == ("CARD", 1, "sealed a2", "n")
    found = await store.pseudonyms.of(T, "c")
    assert [(one.kind, one.number, one.mark) for one in found] == [
        ("CARD", 1, "a2"),
        ("EMAIL", 1, "a"),
        ("EMAIL", 2, "b"),
        ("EMAIL", 3, "x"),
    ]
    assert await store.pseudonyms.of(OTHER, "c") == []
    assert await store.pseudonyms.masters(T) == {"m", "n"}
    assert await store.pseudonyms.masters(OTHER) == frozenset()


async def test_who_asks_again_gets_what_was_sealed_first(store: Store) -> None:
    await store.pseudonyms.name(T, "c", [wish("a")], DAY)
    later = Wish(kind="EMAIL", mark="a", body="sealed anew", master="m2")
    (found,) = await store.pseudonyms.name(T, "c", [later], DAY)
    assert (found.body, found.master) == ("sealed a", "m")


@pytest.mark.requirement("GR-02")
async def test_workers_agree_on_names(place: Place) -> None:
    stores = [await place.store() for _ in range(3)]
    marks = [f"v{n}" for n in range(8)]
    told = await asyncio.gather(
        *(
            store.pseudonyms.name(T, "c", [wish(one) for one in marks[turn:] + marks[:turn]], DAY)
            for turn, store in enumerate(stores * 3)
        )
    )
    names = {(one.mark, one.number) for made in told for one in made}
    assert len(names) == len(marks)
    assert len({number for _, number in names}) == len(marks)


@pytest.mark.requirement("GR-02")
async def test_names_end_with_their_time(store: Store) -> None:
    await store.pseudonyms.name(T, "c", [wish("a")], -1.0)
    assert await store.pseudonyms.of(T, "c") == []
    assert await store.pseudonyms.masters(T) == frozenset()
    assert await numbered(store, "c", "b") == [1]


async def test_a_conversation_that_goes_on_keeps_all_its_names(store: Store) -> None:
    await store.pseudonyms.name(T, "c", [wish("a")], 1000.0)
    await store.pseudonyms.name(T, "c", [wish("b")], 2000.0)
    await store.pseudonyms.name(T, "c", [wish("b")], 1.0)
    assert len(await store.pseudonyms.of(T, "c")) == 2


@pytest.mark.requirement("GR-02")
async def test_names_are_erased(store: Store) -> None:
    for conversation in ("c", "d"):
        await store.pseudonyms.name(T, conversation, [wish("a"), wish("b")], DAY)
    await store.pseudonyms.name(OTHER, "c", [wish("a")], DAY)
    assert await store.pseudonyms.forget(T, "c") == 2
    assert await store.pseudonyms.of(T, "c") == []
    assert len(await store.pseudonyms.of(T, "d")) == 2
    assert await store.pseudonyms.forget(T, None) == 2
    assert await store.pseudonyms.forget(T, None) == 0
    assert len(await store.pseudonyms.of(OTHER, "c")) == 1
