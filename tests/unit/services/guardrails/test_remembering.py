"""What was looked over is remembered, and never makes a guard miss what it would have seen."""

import base64

import msgspec
import pytest

from kapell.core.gateway.calls import Message
from kapell.core.guardrails.profiles import DEFAULT, STRICT
from kapell.kit.json import Json
from kapell.services.guardrails.remembering import Mark, Memory, part_mark, text_mark, value_mark
from kapell.services.guardrails.treating import Parts, Treatment

CARD = "4111 1111 1111 1111"
MAIL: Json = {"to": "jane.doe@example.com"}


async def told(treatment: Treatment, value: Json, *families: str) -> tuple[str, ...]:
    """Return the kinds that a look over a value tells of."""
    sweep = treatment.sweep("request", families=families)  # type: ignore[arg-type]  # names
    await sweep.take((value,))
    return () if sweep.verdict is None else tuple(one.kind for one in sweep.verdict.reasons)


@pytest.mark.requirement("GR-01")
async def test_what_holds_something_is_told_each_time() -> None:
    treatment = Treatment(DEFAULT)
    assert await told(treatment, {"q": "good morning"}) == ()
    assert await told(treatment, MAIL) == ("email",)
    assert await told(treatment, {"q": "good morning"}) == ()
    assert await told(treatment, MAIL) == ("email",)


@pytest.mark.requirement("GR-01")
async def test_a_look_for_some_families_says_nothing_of_the_others() -> None:
    treatment = Treatment(DEFAULT)
    assert await told(treatment, MAIL, "secret", "injection") == ()
    assert await told(treatment, MAIL) == ("email",)


async def test_what_is_in_order_under_a_profile_is_looked_over_under_another() -> None:
    rules = msgspec.structs.replace(DEFAULT.rules, kinds=DEFAULT.rules.kinds - {"email"})
    mild = Treatment(msgspec.structs.replace(DEFAULT, rules=rules))
    assert await told(mild, MAIL) == ()
    assert await told(Treatment(STRICT), MAIL) == ("email",)


async def test_a_value_in_pieces_is_told_each_time() -> None:
    treatment = Treatment(DEFAULT)
    pieces: Json = ["4111", "1111", "1111", "1111"]
    assert await told(treatment, pieces) == await told(treatment, pieces) == ("card",)


async def test_bytes_that_were_passed_do_not_vouch_for_the_text_they_would_be_written_as() -> None:
    treatment = Treatment(DEFAULT)
    octets = f"my card is {CARD}".encode()
    await told(treatment, octets)  # tools of others return anything
    assert await told(treatment, base64.b64encode(octets).decode()) == ("card",)


@pytest.mark.parametrize("value", ["\ud800", {"a": {1: object()}}, 2**80])
def test_what_has_no_mark_is_looked_over_anew(value: Json) -> None:
    assert value_mark(value) is None
    assert not Treatment(DEFAULT).clean(value_mark(value))


def test_values_that_are_walked_differently_have_marks_of_their_own() -> None:
    values: list[Json] = [1, 1.0, "1", True, None, "", ["1"], {"1": 1}, {"a": 1, "b": 2}, [[]], []]
    assert len({value_mark(one) for one in values}) == len(values)


def test_the_memory_forgets_what_nobody_asked_for() -> None:
    memory: Memory[int] = Memory(4)
    marks: list[Mark] = [text_mark(str(number)) for number in range(9)]
    for number, mark in enumerate(marks):
        memory.keep(mark, number)
        assert memory.get(marks[0]) == 0  # asked for, and so kept
    assert [memory.get(one) for one in marks[1:5]] == [None] * 4
    assert memory.get(marks[8]) == 8


@pytest.mark.requirement("GR-01")
async def test_a_part_is_passed_by_only_where_nothing_was_found_and_nothing_changed() -> None:
    treatment = Treatment(DEFAULT)
    plain, mail = Message("user", "good morning"), Message("user", str(MAIL))

    async def fresh(*parts: Message, changed: str = "") -> list[int]:
        messages = Parts(treatment, parts)
        left = list(messages.fresh)
        await messages.looked(treatment.sweep("request"), lambda one: (one.text,))
        messages.renewed(lambda one: Message("user", changed or one.text))
        return left

    assert await fresh(plain, changed="<~EMAIL_1>") == [0]
    assert await fresh(plain, mail) == [0, 1]
    assert await fresh(mail, plain, mail) == [0, 2]
    other = msgspec.structs.replace(plain, role="assistant")
    assert await fresh(plain, other) == [1]
    assert value_mark({"role": "user", "text": "good morning"}) != part_mark(plain)
