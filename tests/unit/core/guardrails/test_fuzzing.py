"""Whatever a text holds, looking at it ends, and in time that grows with the text alone."""

import importlib
from collections.abc import Iterator, Sequence
from re import _parser  # type: ignore[attr-defined]  # the only reader of expressions there is

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.guardrails.catalogue.detectors import DETECTORS
from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.redacting import redacted
from kapell.core.guardrails.rules import Rules, make_rules
from kapell.core.guardrails.subjects.language import LANGUAGES
from kapell.core.guardrails.subjects.topics import TOPICS
from kapell.core.guardrails.views.encodings import BLOCKS
from tests.drawing import examples

RULES = make_rules(topics=TOPICS, languages=LANGUAGES)
SCRAPS = st.sampled_from(
    [
        *("4111 ", "1", " ", "@", "a@b.co", ".", "-", "\u200b", "\uff14", "\u0430", "%4", "%40"),
        *("\\u00", "\\u0040", "&#64;", "=40", "sk-", "eyJ", "-----BEGIN ", "PRIVATE KEY-----"),
        *("password=", '"', "'", "<", ">", "{", "\n", "\x00", "\ud800", "\U000e0041", "\u202e"),
        *("ignore ", "all ", "previous ", "instructions", "QUJD", "61 ", "DE89", "born ", "rot13"),
    ]
)


def placed(found: Sequence[Finding], text: str) -> bool:
    """Return whether findings follow each other in a text, each within it and none empty.

    Only a signal may stand over values.
    """
    over = [one.start for one in found] != sorted(one.start for one in found)
    for kinds in ({"pii", "secret"}, {"injection", "jailbreak"}, {"topic", "language"}):
        alike = [one for one in found if one.family in kinds]
        ends = (0, *(one.end for one in alike))
        over = over or not all(
            end <= one.start < one.end <= len(text) for end, one in zip(ends, alike, strict=False)
        )
    return not over


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(SCRAPS | st.text(max_size=6), max_size=30).map("".join))
def test_any_text_is_looked_at_and_redacted(text: str) -> None:
    found = look(text, RULES)
    assert placed(found, text)
    assert all(0 < one.score <= 1 for one in found)
    assert isinstance(redacted(text, found), str)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(SCRAPS, max_size=20).map("".join))
def test_what_was_redacted_holds_nothing_more_to_redact(text: str) -> None:
    taken = redacted(text, look(text, Rules()), lambda finding, value: "\n\n")
    left = [one for one in look(taken, Rules()) if one.family == "secret" and one.score > 0.9]
    assert not left


HOSTILE = {
    "letters": "a",
    "digits": "4",
    "addresses": "a@",
    "tokens": "eyJ",
    "keys": "-----BEGIN RSA PRIVATE KEY-----\n",
    "assignments": "password: ",
    "orders": "ignore all ",
    "comments": "<!--",
    "verbs": "send password to ",
    "unseen": "\u200b",
    "encoded": "QUJD",
}


@pytest.mark.parametrize("family", HOSTILE)
def test_a_megabyte_of_hostile_text_ends(family: str) -> None:
    piece = HOSTILE[family]
    size = 1_000_000 if family in ("letters", "digits", "unseen", "encoded") else 100_000
    text = piece * (size // len(piece))
    assert placed(look(text, Rules()), text)


def repeats(parsed: object, within: int = 1, open_: bool = False) -> Iterator[tuple[int, bool]]:
    """Yield how often each repetition repeats at most, and whether endlessly in an endless one."""
    for name, value in parsed:  # type: ignore[attr-defined]  # the parser's own lists
        kind = str(name)
        if "REPEAT" in kind:
            _, most, inner = value
            endless = most >= 100_000
            yield (within if endless else within * most), endless and open_
            yield from repeats(inner, within if endless else within * most, open_ or endless)
        elif kind == "SUBPATTERN":
            yield from repeats(value[3], within, open_)
        elif kind == "BRANCH":
            for branch in value[1]:
                yield from repeats(branch, within, open_)
        elif kind in ("ASSERT", "ASSERT_NOT"):
            yield from repeats(value[1], within, open_)


@pytest.mark.parametrize("pattern", sorted({one.pattern for one in DETECTORS if one.pattern}))
def test_no_repetition_without_end_stands_in_another(pattern: str) -> None:
    for times, nested in repeats(_parser.parse(pattern)):
        assert not nested
        assert times <= 160_000


def test_views_do_not_nest_either() -> None:
    for module, name in (
        ("spelling", "SPELLED"),
        ("escapes", "_ESCAPES"),
        ("folding", "_CLASSES"),
        ("folding", "_MIXED"),
    ):
        views = importlib.import_module(f"kapell.core.guardrails.views.{module}")
        assert not any(nested for _, nested in repeats(_parser.parse(getattr(views, name))))
    assert not any(nested for _, nested in repeats(_parser.parse(BLOCKS)))


def test_what_is_encoded_again_and_again_is_decoded_a_few_times_only() -> None:
    text = "jane.doe@example.com and more of it"
    for _ in range(12):
        text = "".join(f"%{octet:02X}" for octet in text.encode()) if len(text) < 4000 else text
    assert look(text, Rules()) == ()
