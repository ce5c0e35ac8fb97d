"""What a guard decides of a text, and why, in a form that shows nothing of the text."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.guardrails.findings import Family

Action: TypeAlias = Literal["pass", "redact", "ask", "block"]
"""What is done about a finding, the mildest first."""

Place: TypeAlias = Literal["request", "answer", "arguments", "result"]
"""Where a guard looks: what a model is sent, what it answers; what a tool gets, what it returns."""

STOPS: frozenset[str] = frozenset(
    {"guardrail_blocked", "guardrail_withheld", "guard_failed", "pseudonym_key_gone"}
)
"""Codes of the errors with which guards stop a call. Their words are for people: no model and no
stranger learns more than that a guardrail does not let it pass."""

SEVERITY: tuple[Action, ...] = ("pass", "redact", "ask", "block")
"""The actions, the mildest first: of several the last one holds."""


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often a kind of thing was found, and how sure that is: for auditors, never for models.

    ``action`` is what was done about it.
    """

    family: Family
    kind: str
    count: int = 1
    score: float = 1.0
    action: Action = "pass"


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a guard decided at a place, under which profile."""

    place: Place
    action: Action
    profile: str
    reasons: tuple[Reason, ...] = ()


def worst(actions: "tuple[Action, ...] | list[Action]") -> Action:
    """Return the severest of some actions; ``pass`` of none."""
    return max(actions, key=SEVERITY.index, default="pass")
