"""What rules give, and what comes of several that give something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from kapell.core.policies.judgement import Ruling
from kapell.core.policies.kinds import DEFAULT, RULES, VERDICT
from kapell.kit.clock import span
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

Span = float | str
"""Seconds, or a text such as ``2d``."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The object that a rule gives: ``rule`` names it, ``reason`` is for people.

    ``untrusted`` belongs to ``allow``: without it, the rule does not speak for calls with data that
    strangers had a part in. All below it belongs to ``ask``.
    """

    rule: str
    reason: str = ""
    untrusted: bool = False
    risk: Literal["low", "medium", "high"] = "medium"
    approvers: tuple[str, ...] = ()
    need: int = 1
    expires: Span | None = None
    on_expiry: Literal["reject", "fail"] = "reject"
    remind: Span | None = None
    escalate_after: Span | None = None
    escalate_to: str = ""


class Fired(msgspec.Struct, frozen=True):
    """A rule that fired: whether it allows, asks or denies, its full name, what it gave."""

    ruling: Ruling
    name: str
    answer: Answer


_RISKS = ("low", "medium", "high")


def fired_in(package: str, found: Json) -> list[Fired]:
    """Return the rules of a package that fired; ``found`` is what the package evaluates to.

    Raises:
        Invalid: ``policy_answer`` when a rule gives what no answer can be made of.
    """
    if not isinstance(found, Mapping):
        raise _unusable(package, "it is no package of rules")
    if package == DEFAULT:
        return [_verdict(found.get(VERDICT))]
    fired = []
    for ruling in RULES:
        given = found.get(ruling, ())
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise _unusable(f"{package}.{ruling}", "a rule must be written `contains {...}`")
        for one in given:
            fired.append(_fired(package, ruling, one))
    return fired


def _verdict(given: Json) -> Fired:
    """Return the answer of the built-in rules, which is always one."""
    if not isinstance(given, Mapping) or given.get("ruling") not in RULES:
        raise _unusable(DEFAULT, "its verdict rules nothing")
    said = {"untrusted": True, **given}
    return _fired(DEFAULT, str(said.pop("ruling")), said)


def _fired(package: str, ruling: str, given: Json) -> Fired:
    try:
        answer = msgspec.convert(given, Answer)
        for one in (answer.expires, answer.remind, answer.escalate_after):
            if one is not None:
                span(one)
    except msgspec.ValidationError as error:
        raise _unusable(f"{package}.{ruling}", str(error)) from error
    except Invalid as error:
        raise _unusable(f"{package}.{ruling}", error.message.rstrip(".")) from error
    if not answer.rule or answer.need < 1:
        raise _unusable(f"{package}.{ruling}", "`rule` must not be empty, `need` at least 1")
    return Fired(ruling, f"{package}.{answer.rule}", answer)  # type: ignore[arg-type]  # of RULES


def _unusable(where: str, why: str) -> Invalid:
    return Invalid(
        f"What {where} gives is not the answer of a policy: {why}.",
        code="policy_answer",
        advice="Give an object with `rule` and `reason`, as docs/how-to/write-a-policy.md shows.",
    )


def deciding(fired: Sequence[Fired], *, untrusted: bool) -> Fired | None:
    """Return the rule that decides: deny over ask over allow; None when none speaks.

    Of several that ask, the gravest does first (see ``unasked``). A rule that allows speaks for
    data of strangers only when it says so.
    """
    heard = [one for one in fired if one.ruling != "allow" or one.answer.untrusted or not untrusted]
    return min(heard, key=_order, default=None)


def unasked(
    fired: Sequence[Fired], decided: Fired, approved: Callable[[Fired], bool]
) -> Fired | None:
    """Return the rule whose people have still to be asked before a call is made; None: nobody.

    Who agreed for one rule has agreed for another too when that one would have asked them, and no
    more of them.

    Args:
        fired: The rules that spoke.
        decided: The one that decides, which asks.
        approved: Tells whether people approved of the call for a rule as it asks now.
    """
    asking = [decided, *sorted((one for one in fired if one.ruling == "ask"), key=_order)]
    heard = [one for one in asking if approved(one)]
    for one in asking:
        if not any(_speaks_for(other.answer, one.answer) for other in heard):
            return one
    return None


def _speaks_for(given: Answer, other: Answer) -> bool:
    """Tell whether people who agreed as one answer wants are enough for another."""
    among = not other.approvers or (
        bool(given.approvers) and set(given.approvers) <= set(other.approvers)
    )
    return among and other.need <= given.need


def _order(one: Fired) -> tuple[int, int, int, str]:
    answer = one.answer
    return (RULES.index(one.ruling), -_RISKS.index(answer.risk), -answer.need, one.name)
