"""What each profile does about what it finds, and where."""

import pytest

from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import PROFILES, decided
from kapell.core.guardrails.verdicts import Action, Place

KEY = Finding("secret", "openai_key", 0, 5, 0.98)
MAIL = Finding("pii", "email", 6, 9, 0.98)
CARD = Finding("pii", "card", 10, 20, 0.95)
ORDER = Finding("injection", "override", 21, 30, 0.95)
HINT = Finding("injection", "new_orders", 21, 30, 0.6)
GAME = Finding("jailbreak", "game", 31, 40, 0.9)


@pytest.mark.parametrize(
    ("profile", "finding", "place", "reaching", "action"),
    [
        ("default", KEY, "request", False, "redact"),
        ("default", KEY, "answer", False, "redact"),
        ("default", KEY, "result", False, "redact"),
        ("default", KEY, "arguments", False, "redact"),
        ("default", KEY, "arguments", True, "block"),
        ("default", MAIL, "request", False, "redact"),
        ("default", MAIL, "arguments", False, "pass"),
        ("default", MAIL, "arguments", True, "pass"),
        ("default", MAIL, "result", False, "pass"),
        ("default", CARD, "arguments", True, "ask"),
        ("default", ORDER, "request", False, "block"),
        ("default", ORDER, "result", False, "pass"),
        ("default", HINT, "request", False, "pass"),
        ("strict", KEY, "request", False, "block"),
        ("strict", MAIL, "result", False, "redact"),
        ("strict", MAIL, "arguments", True, "ask"),
        ("strict", CARD, "arguments", True, "block"),
        ("strict", ORDER, "result", False, "ask"),
        ("off", KEY, "request", True, "pass"),
    ],
)
def test_a_profile_says_what_is_done_where(
    profile: str, finding: Finding, place: Place, reaching: bool, action: Action
) -> None:
    done, reasons = decided([finding], PROFILES[profile], place, reaching=reaching)
    assert done == action
    assert [(one.kind, one.count, one.action) for one in reasons] == [(finding.kind, 1, action)]


def test_reasons_count_kinds_and_the_severest_action_holds() -> None:
    action, reasons = decided([KEY, MAIL, MAIL, ORDER], PROFILES["default"], "request")
    assert action == "block"
    assert [(one.kind, one.count, one.action) for one in reasons] == [
        ("override", 1, "block"),
        ("email", 2, "redact"),
        ("openai_key", 1, "redact"),
    ]


def test_several_weak_signals_are_together_a_strong_one() -> None:
    assert decided([HINT], PROFILES["default"], "request")[0] == "pass"
    assert decided([HINT, HINT], PROFILES["default"], "request")[0] == "pass"
    assert decided([HINT, GAME], PROFILES["default"], "request")[0] == "block"


def test_off_looks_for_nothing() -> None:
    assert look("bob@example.com 4111 1111 1111 1111", PROFILES["off"].rules) == ()
