"""Who may answer, and what they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.approvals.approvers import handed_on, may_answer, subject
from kapell.core.approvals.question import call_digest
from kapell.core.approvals.showing import as_text, difference, visible


@pytest.mark.requirement("GR-10")
@pytest.mark.parametrize(
    ("approvers", "passed", "by", "roles", "may"),
    [
        ((), (), "user:a", (), True),
        (("user:a",), (), "user:a", (), True),
        (("user:a",), (), "user:b", (), False),
        (("role:x",), (), "user:b", ("x",), True),
        (("role:x",), (), "user:b", ("y",), False),
        (("role:x", "user:c"), ("user:b",), "user:b", ("x",), False),
        (("role:x", "user:b"), ("user:b",), "user:b", (), True),
        (("user:c",), ("user:b",), "user:b", (), False),
        (("role:x",), (), "role:x", ("x",), False),
        ((), (), "role:x", (), False),
    ],
)
def test_who_may_answer(
    approvers: tuple[str, ...],
    passed: tuple[str, ...],
    by: str,
    roles: tuple[str, ...],
    may: bool,
) -> None:
    assert may_answer(approvers, passed, by, roles) is may


def test_a_question_is_handed_on_by_name() -> None:
    assert subject("a") == "user:a"
    assert subject("role:a") == "role:a"
    assert handed_on((), "user:a", "user:b") == ("user:b",)
    assert handed_on(("user:a", "role:x"), "user:a", "user:b") == ("role:x", "user:b")
    assert handed_on(("user:b", "role:x"), "user:c", "user:b") == ("user:b", "role:x")


def test_a_digest_stands_for_tool_and_arguments() -> None:
    one = call_digest("send", {"a": 1, "b": [2]})
    assert one == call_digest("send", {"b": [2], "a": 1})
    others = [call_digest("sent", {"a": 1, "b": [2]}), call_digest("send", {"a": "1", "b": [2]})]
    assert one not in others


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\u200b", "\u2066", "\x07", "\ue000", "\u2028"])
def test_what_cannot_be_seen_is_shown(sign: str) -> None:
    shown = as_text(f"pay{sign}me")
    assert sign not in shown
    assert f"{ord(sign):04x}" in shown


@given(st.text())
def test_nothing_hidden_stays(text: str) -> None:
    shown = visible(text)
    assert all(one.isprintable() or one in "\n\t" or one.isspace() for one in shown)
    assert "\x1b" not in shown


def test_a_file_is_compared_line_by_line() -> None:
    text = difference("a.txt", "one\ntwo\n", "one\nthree\n")
    assert "-two" in text
    assert "+three" in text
    assert difference("a.txt", None, "x").startswith("--- (new)")
    assert "become" in difference("a.txt", "", "x\n" * 5000)


def test_how_lines_end_is_a_change_that_is_seen() -> None:
    assert "+one\\u{000d}" in difference("a.txt", "one\n", "one\r\n")
    assert "no line end here" in difference("a.txt", "one\n", "one")
    assert difference("a.txt", "one\n", None).splitlines()[:2] == ["--- a.txt", "+++ (removed)"]
    assert difference("a.txt", None, "").startswith("--- (new)")
