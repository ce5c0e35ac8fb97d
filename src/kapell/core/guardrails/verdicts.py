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

    def kinds(self, action: Action) -> tuple[str, ...]:
        """Return the kinds of what this is done about, sorted."""
        return tuple(sorted({one.kind for one in self.reasons if one.action == action}))


class Reasons:
    """Reasons added up: each kind once for each thing that is done about it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Family, str, Action], Reason] = {}

    def take(self, reason: Reason) -> None:
        """Add a reason: how often things were found is summed, the surest score holds."""
        key = (reason.family, reason.kind, reason.action)
        known = self._known.get(key)
        if known is not None:
            count, score = known.count + reason.count, max(known.score, reason.score)
            reason = Reason(reason.family, reason.kind, count, score, reason.action)
        self._known[key] = reason

    def hold(self, action: Action) -> bool:
        """Tell whether this is done about anything."""
        return any(one == action for _, _, one in self._known)

    @property
    def action(self) -> Action:
        """Return the severest of what is done; ``pass`` where nothing was found."""
        return worst([action for _, _, action in self._known])

    def verdict(self, place: Place, profile: str) -> Verdict | None:
        """Return what was decided at a place, None when nothing was found."""
        if not self._known:
            return None
        reasons = tuple(self._known[key] for key in sorted(self._known))
        return Verdict(place=place, action=self.action, profile=profile, reasons=reasons)


def worst(actions: "tuple[Action, ...] | list[Action]") -> Action:
    """Return the severest of some actions; ``pass`` of none."""
    return max(actions, key=SEVERITY.index, default="pass")
