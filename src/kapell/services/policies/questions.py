"""What people are asked when a policy wants them to agree."""

from collections.abc import Callable, Collection, Mapping

import msgspec

from kapell.core.approvals.approvers import could_agree, subject
from kapell.core.approvals.held import Held
from kapell.core.approvals.question import Question, marked_rule
from kapell.core.policies.answers import Answer, Fired, unasked
from kapell.core.policies.ruled import Ruled
from kapell.kit.clock import span
from kapell.kit.errors import Denied
from kapell.kit.json import Json


def held(question: Question, args: Json, roles: Mapping[str, Collection[str]]) -> Held:
    """Return what holds a call until people have answered.

    Args:
        question: What they are asked.
        args: What they are asked about.
        roles: Who has which role.

    Raises:
        Denied: ``policy_nobody`` when too few people could ever answer: nobody waits for them.
    """
    asked = question.approvers
    if asked and question.escalate_to:
        asked = (*asked, question.escalate_to)
    if not could_agree(asked, question.need, roles):
        who = ", ".join(question.approvers)
        raise Denied(
            f"The policy {question.rule!r} needs {question.need} of {who} to agree, and there are "
            "fewer people who may answer, so the call is not made.",
            code="policy_nobody",
            advice="Give somebody the role under `approvals.roles` in kapell.yaml, or let the rule "
            "name other `approvers`, or a lower `need`.",
        )
    return Held(question, args)


def question_of(ruled: Ruled, mark: str = "") -> Question:
    """Return what a ruling that asks asks people; ``mark`` stands for files that go along."""
    answer = ruled.decided.answer if ruled.decided is not None else Answer(rule="")
    return Question(
        rule=_name(ruled.judgement.rule, answer, mark),
        why=ruled.judgement.reason or "A policy wants people to agree.",
        risk=answer.risk,
        approvers=tuple(subject(one) for one in answer.approvers),
        need=answer.need,
        expires=_seconds(answer.expires),
        on_expiry=answer.on_expiry,
        remind=_seconds(answer.remind),
        escalate_after=_seconds(answer.escalate_after),
        escalate_to=subject(answer.escalate_to) if answer.escalate_to else "",
    )


def name_of(fired: Fired, mark: str = "") -> str:
    """Return the name under which an answer counts for a rule as it asks now."""
    return _name(fired.name, fired.answer, mark)


def _name(rule: str, answer: Answer, mark: str) -> str:
    return marked_rule(rule, mark, tuple(subject(one) for one in answer.approvers), answer.need)


def still_asked(ruled: Ruled, approved: Callable[[Fired], bool]) -> Ruled | None:
    """Return a ruling that asks as it stands once people approved for some rules; None: for all.

    Args:
        ruled: What the policies say.
        approved: Tells whether people approved of exactly this call for a rule.
    """
    if ruled.decided is None:
        return ruled
    left = unasked(ruled.fired, ruled.decided, approved)
    if left is None or left is ruled.decided:
        return None if left is None else ruled
    judgement = msgspec.structs.replace(ruled.judgement, rule=left.name, reason=left.answer.reason)
    return msgspec.structs.replace(ruled, judgement=judgement, decided=left)


def _seconds(given: float | str | None) -> float | None:
    return None if given is None else span(given)
