"""Profiles: what is looked for, and what is done about it at which place."""

from collections.abc import Iterable, Mapping

import msgspec

from kapell.core.guardrails.findings import ORDERS, Family, Finding
from kapell.core.guardrails.rules import Rules, check_kinds
from kapell.core.guardrails.verdicts import Action, Place, Reason, Reasons

_VALUES: tuple[Family, ...] = ("pii", "secret")
SENSITIVE: tuple[str, ...] = ("card", "iban", "licence", "national_id", "passport", "ssn")
"""Kinds of personal data with which somebody can act as another person, or take their money."""

SURE = 0.92
"""How sure signals must be, together, to stop a request."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done about findings that fit: the first line that fits holds.

    What is empty or None fits everything. ``reaching`` says whether the text goes to a tool that
    reaches outside; ``least`` how sure the finding must be.
    """

    action: Action
    families: tuple[Family, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    reaching: bool | None = None
    least: float = 0.0


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of rules and actions."""

    name: str
    rules: Rules
    actions: tuple[Line, ...]


DEFAULT = Profile(
    name="default",
    rules=Rules(),
    actions=(
        Line(families=("secret",), places=("arguments",), reaching=True, action="block"),
        Line(families=("secret",), action="redact"),
        Line(
            families=("pii",), kinds=SENSITIVE, places=("arguments",), reaching=True, action="ask"
        ),
        Line(families=("pii",), places=("request",), action="redact"),
        Line(families=ORDERS, places=("request",), least=SURE, action="block"),
        Line(families=("topic", "language"), places=("request", "answer"), action="block"),
    ),
)
"""What holds unless somebody says otherwise: models see no personal data and no secret."""

STRICT = Profile(
    name="strict",
    rules=Rules(),
    actions=(
        Line(families=("secret",), places=("request", "arguments"), action="block"),
        Line(families=("secret",), action="redact"),
        Line(
            families=("pii",), kinds=SENSITIVE, places=("arguments",), reaching=True, action="block"
        ),
        Line(families=("pii",), places=("arguments",), reaching=True, action="ask"),
        Line(families=("pii",), places=("arguments",), action="pass"),
        Line(families=("pii",), action="redact"),
        Line(families=ORDERS, places=("request",), least=0.7, action="block"),
        Line(families=ORDERS, places=("result",), least=0.8, action="ask"),
        Line(families=("topic", "language"), action="block"),
    ),
)
"""For work where a wrong pass costs more than a wrong stop."""

OFF = Profile(name="off", rules=Rules(kinds=frozenset()), actions=())
"""Nothing is looked for. It has to be asked for by name."""

PROFILES: dict[str, Profile] = {"strict": STRICT, "default": DEFAULT, "off": OFF}
"""The profiles there are, by name."""


def kind_lines(actions: Mapping[str, Action], own: Iterable[str]) -> tuple[Line, ...]:
    """Return the lines that say what is done about single kinds, to stand before all others.

    What passes does so everywhere. The others speak of where something leaves: what a model is
    sent, and what a tool gets that reaches outside.

    Args:
        actions: What is done, by kind.
        own: Kinds of one's own.

    Raises:
        Invalid: ``guard_rules_broken``: there is no such kind.
    """
    check_kinds(actions, own)
    lines: list[Line] = []
    for kind, action in sorted(actions.items()):
        if action == "pass":
            lines.append(Line(families=_VALUES, kinds=(kind,), action=action))
            continue
        lines.append(Line(families=_VALUES, kinds=(kind,), places=("request",), action=action))
        lines.append(
            Line(
                families=_VALUES,
                kinds=(kind,),
                places=("arguments",),
                reaching=True,
                action=action,
            )
        )
    return tuple(lines)


def decided(
    findings: Iterable[Finding], profile: Profile, place: Place, *, reaching: bool = False
) -> tuple[Action, tuple[Reason, ...]]:
    """Return what is done about one text, and why; gates add up several texts by ``Reasons``.

    Args:
        findings: What was found in it.
        profile: Says what is done about what.
        place: Where the text was on its way to.
        reaching: Whether it goes to a tool that reaches outside.
    """
    reasons = Reasons()
    for one in weighed(tuple(findings)):
        action = action_of(one, profile, place, reaching=reaching)
        reasons.take(Reason(one.family, one.kind, 1, one.score, action))
    verdict = reasons.verdict(place, profile.name)
    return reasons.action, () if verdict is None else verdict.reasons


def action_of(
    finding: Finding, profile: Profile, place: Place, *, reaching: bool = False
) -> Action:
    """Return what is done about one finding."""
    for line in profile.actions:
        if (
            (not line.families or finding.family in line.families)
            and (not line.kinds or finding.kind in line.kinds)
            and (not line.places or place in line.places)
            and (line.reaching is None or line.reaching == reaching)
            and finding.score >= line.least
        ):
            return line.action
    return "pass"


def ends(profile: Profile) -> bool:
    """Tell whether an answer may be stopped for what only the whole of it shows.

    A subject shows by words that add up, a language by all of them: until an answer has ended,
    nobody knows that it may be shown.
    """
    rules = profile.rules
    whole: set[Family] = set()
    if rules.topics or rules.words or rules.only:
        whole.add("topic")
    if rules.languages:
        whole.add("language")
    return any(
        line.action in ("block", "ask")
        and (not line.places or "answer" in line.places)
        and not whole.isdisjoint(line.families or whole)
        for line in profile.actions
    )


def weighed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings with signals as sure as all kinds of them together are.

    One weak signal may be chance; several kinds of them in one text hardly are.
    """
    best: dict[tuple[str, str], float] = {}
    for finding in findings:
        if finding.family in ORDERS:
            key = (finding.family, finding.kind)
            best[key] = max(best.get(key, 0.0), finding.score)
    if len(best) < 2:
        return findings
    doubt = 1.0
    for score in best.values():
        doubt *= 1 - score
    together = round(1 - doubt, 3)
    return tuple(
        msgspec.structs.replace(finding, score=max(finding.score, together))
        if finding.family in ORDERS
        else finding
        for finding in findings
    )
