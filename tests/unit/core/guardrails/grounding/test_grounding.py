"""Answers held against their sources: what is found, what is let be, what cannot be got round."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.guardrails.grounding.answers import ground
from kapell.core.guardrails.grounding.sources import Source, sentences, sources_of
from kapell.kit.json import Json

ROOT = Path(__file__).parents[5]
BRIDGE = sources_of(
    "The Lindenau bridge opened on 3 May 1932. It is 120 metres long and carries about 4,200 cars "
    "a day. Engineer Marta Vogel designed it. The city closed it for repairs in 2019 because of "
    "rust in the steel cables. Cyclists may not use it after 10 pm."
)


def flaws(answer: str, sources: tuple[Source, ...] = BRIDGE) -> list[str]:
    """Return what is flagged of an answer."""
    return [flaw for one in ground(answer, sources).flagged for flaw in one.flaws]


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    "answer",
    [
        "The Lindenau bridge, designed by Marta Vogel, opened in May 1932.",
        "It opened on 1932-05-03.",
        "The bridge has a length of 0.12 km.",
        "Around four thousand two hundred vehicles cross it every day.",
        "In 2019 it was closed since its steel cables had rusted.",
        "After 22:00 cyclists are not allowed to use it.",
        "The text says it “opened on 3 May 1932”.",
        "It opened on 3 May 1932 [1].",
        "I do not know who paid for it.",
        "Shall I look for more?",
    ],
)
def test_what_the_sources_hold_is_let_be(answer: str) -> None:
    assert flaws(answer) == []


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        ("The bridge is 130 metres long.", "number"),
        ("It is one hundred and thirty metres long.", "number"),
        ("It opened on 4 May 1932.", "date"),
        ("It opened in the 1940s.", "date"),
        ("Engineer Marta Klein designed it.", "name"),
        ("The city did not close it for repairs in 2019.", "negation"),
        ("Cyclists may use it after 10 pm.", "negation"),
        ("The city opened it for repairs in 2019.", "opposite"),
        ("Rust in the copper cables was the reason for the repairs.", "other"),
        ("The steel cables were completely rusted when it was closed for repairs.", "other"),
        ('It says the bridge "opened in the spring of 1932".', "quote"),
        ("It opened on 3 May 1932 [2].", "citation"),
        ("Local bakers sponsor colourful lanterns.", "words"),
    ],
)
def test_what_the_sources_do_not_hold_is_flagged(answer: str, flaw: str) -> None:
    assert flaw in flaws(answer)


@pytest.mark.requirement("GR-08")
def test_not_knowing_excuses_nothing_else() -> None:
    assert flaws("I do not know. It is 130 metres long.") == ["number"]
    assert "number" in flaws("I don't know who built it, but it is 130 metres long.")
    assert "number" in flaws("I cannot say: it is 130 metres long.")
    assert "number" in flaws("The sources do not say who paid; it is 130 metres long.")


def test_two_numbers_that_change_places_are_found() -> None:
    sources = sources_of("The clinic employs 12 nurses and 18 doctors.")
    assert flaws("There are 18 nurses and 12 doctors.", sources) == ["number"]
    assert flaws("It has 18 doctors.", sources) == []


def test_two_names_that_change_places_are_found() -> None:
    sources = sources_of("In June Halden acquired Norvik.")
    assert "opposite" in flaws("Norvik acquired Halden in June.", sources)
    assert flaws("Norvik was acquired by Halden in June.", sources) == []


def test_a_sentence_is_held_by_the_source_it_cites() -> None:
    sources = sources_of(
        [
            {"name": "a.md", "text": "The lake is 96 m deep."},
            {"name": "b.md", "text": "Frogs sing."},
        ]
    )
    assert flaws("The lake is 96 metres deep [1].", sources) == []
    assert "citation" in flaws("The lake is 96 metres deep [2].", sources)
    assert "citation" in flaws("The lake is 96 metres deep [b.md].", sources)


def test_any_value_can_be_a_source() -> None:
    rows: Json = [{"city": "Tarn", "people": 240}, {"title": "Fire", "text": "It burned in 1908."}]
    sources = sources_of(rows)
    assert [one.name for one in sources] == ["", "Fire"]
    assert flaws("Tarn has 240 people.", sources) == []
    assert flaws("Tarn has 340 people.", sources) == ["number"]
    assert sources_of([None, "", []]) == ()


def test_without_sources_nothing_is_held() -> None:
    assert ground("The bridge is 120 metres long.", ()).score == 0.0


def test_the_score_of_an_answer_is_that_of_its_worst_sentence() -> None:
    found = ground("It opened on 3 May 1932. It is 130 metres long.", BRIDGE)
    assert [one.score for one in found.sentences] == [1.0, 0.2]
    assert found.score == 0.2
    assert [one.text for one in found.flagged] == ["It is 130 metres long."]


def script() -> ModuleType:
    """Return the script that measures the reference set."""
    spec = importlib.util.spec_from_file_location("grounding", ROOT / "scripts" / "grounding.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.requirement("GR-08")
def test_more_than_nine_of_ten_planted_changes_are_found() -> None:
    measuring = script()
    cases = tuple(measuring.cases())
    planted = [case for case in cases if case.planted]
    kinds = [case.kind for case in planted]
    assert {kind: kinds.count(kind) for kind in measuring.KINDS} == dict.fromkeys(
        measuring.KINDS, 25
    )
    assert sum(map(measuring.flagged, planted)) > 90
    assert sum(measuring.flagged(case) for case in cases if not case.planted) <= 6


def test_the_sources_of_the_set_hold_their_own_sentences() -> None:
    measuring = script()
    texts = {case.source for case in measuring.cases()}
    broken = [one.text for text in texts for one in ground(text, sources_of(text)).flagged]
    assert broken == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_gets_a_score(answer: str, source: str) -> None:
    found = ground(answer, sources_of(source))
    assert 0.0 <= found.score <= 1.0
    for one in found.sentences:
        assert answer[one.start : one.end].strip() == one.text.strip()


@given(st.text(alphabet="aB1. \n[]\"%-,:'", max_size=400))
def test_sentences_lie_in_their_text_one_after_the_other(text: str) -> None:
    end = 0
    for one in sentences(text):
        assert text[one.start : one.end] == one.text
        assert one.start >= end
        end = one.end


@pytest.mark.parametrize(
    "piece", ["1,234", "[1", '"', "one hundred and ", "Ab-", ". ", "é\u0301", "(a"]
)
def test_text_without_sense_is_gone_through_in_pieces(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert all(len(one.text) <= 1_000 for one in sentences(text))
    assert 0.0 <= ground(text, sources_of(text)).score <= 1.0


def test_an_answer_beyond_all_bounds_is_not_held() -> None:
    assert ground("It is 120 m long. " * 10_000, BRIDGE).score == 0.0


NAMED = sources_of(
    [
        {"name": "bridge.html", "text": "The bridge is 120 metres long."},
        {"name": "https://example.com/river", "text": "The river is 30 metres wide."},
    ]
)


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        ("The bridge is 120 metres long [bridge.html].", ""),
        ("The river is 30 metres wide (see https://example.com/river).", ""),
        ("The bridge is 120 metres long [tower.html].", "citation"),
        ("The bridge is 120 metres long (https://example.com/bridge).", "citation"),
        ("The river is ³⁰ metres wide.", ""),
        ("The river is ⁴⁰ metres wide.", "number"),
        ("The page says \u2018The bridge is 120 metres long\u2019.", ""),
        ("The page says 'The bridge is 120 metres long'.", ""),
        ("The page says \u2018The river is 120 metres long\u2019.", "quote"),
        ("The page says 'The river is 120 metres long'.", "quote"),
        ("The page says 「The river is 120 metres long」.", "quote"),
        ("The page says \uff02The river is 120 metres long\uff02.", "quote"),
    ],
)
def test_sources_that_are_made_up_and_quotes_in_other_marks_are_seen(
    answer: str, flaw: str
) -> None:
    assert (flaw in flaws(answer, NAMED)) if flaw else (flaws(answer, NAMED) == [])
