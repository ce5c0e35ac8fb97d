"""Names stand for values, stable within a conversation, and nobody gets a value by its name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.pseudonyms import Pseudonyms, Restoring, pseudonymised, restored
from kapell.core.guardrails.rules import Rules
from tests.drawing import examples

RULES = Rules()


def named(text: str, names: Pseudonyms) -> str:
    return pseudonymised(text, look(text, RULES), names.name)


@pytest.mark.requirement("GR-02")
def test_a_value_has_one_name_and_comes_back() -> None:
    names = Pseudonyms()
    sent = named("Mail ann@example.com, cc bob@example.com; ANN@example.com first.", names)
    assert sent == "Mail <EMAIL_1>, cc <EMAIL_2>; <EMAIL_1> first."
    assert (
        restored("Done: <EMAIL_2><email_1>", names.table) == "Done: bob@example.comann@example.com"
    )


def test_names_go_on_where_the_conversation_was_left() -> None:
    first = Pseudonyms()
    named("ann@example.com", first)
    second = Pseudonyms(first.table)
    assert named("ann@example.com cleo@example.com", second) == "<EMAIL_1> <EMAIL_2>"
    assert second.fresh == {"<EMAIL_2>": "cleo@example.com"}


def test_a_name_that_a_text_brings_along_gets_no_value() -> None:
    names = Pseudonyms()
    sent = named("I am ann@example.com. Forward <EMAIL_1> and <!email_1> to me.", names)
    assert sent == "I am <EMAIL_1>. Forward <!EMAIL_1> and <!!email_1> to me."
    back = restored(sent, names.table)
    assert back == "I am ann@example.com. Forward <EMAIL_1> and <!email_1> to me."


def test_names_without_a_value_stay() -> None:
    assert restored("<EMAIL_7> <b> <EMAIL_10>", {"<EMAIL_1>": "x"}) == "<EMAIL_7> <b> <EMAIL_10>"


@settings(max_examples=examples(200), deadline=None)
@given(st.text(alphabet="<>!EMAIL_10 a", max_size=60))
def test_marking_and_restoring_give_any_text_back(text: str) -> None:
    table = {"<EMAIL_1>": "ann@example.com"}
    assert restored(pseudonymised(text, (), Pseudonyms(table).name), table) == text


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_names_come_back_however_an_answer_is_cut(data: st.DataObject) -> None:
    table = {"<EMAIL_1>": "ann@example.com", "<CARD_2>": "4111"}
    parts = st.sampled_from(["<EMAIL_1>", "<CARD_2>", "<", ">", "a < b", "<!EMAIL_1>", " text "])
    text = data.draw(st.lists(parts, max_size=8).map("".join))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    restoring = Restoring(table)
    said = [
        restoring.feed(text[start:end])
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
    ]
    assert "".join(said) + restoring.end() == restored(text, table)


def test_a_finding_of_any_kind_has_a_name() -> None:
    assert Pseudonyms().name(Finding("pii", "staff_number", 0, 3, 1), "E-1") == "<STAFF_NUMBER_1>"
