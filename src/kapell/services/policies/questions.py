"""What people are asked when a policy wants them to agree."""

from collections.abc import Callable

import msgspec

from kapell.core.approvals.question import Question, marked_rule
from kapell.core.policies.answers import Answer, unasked
from kapell.core.policies.ruled import Ruled
from kapell.kit.clock import span


def question_of(ruled: Ruled, mark: str = "") -> Question:
    """Return what a ruling that asks asks people; ``mark`` stands for files that go along."""
    answer = ruled.decided.answer if ruled.decided is not None else Answer(rule="")
    return Question(
        rule=marked_rule(ruled.judgement.rule, mark),
        why=ruled.judgement.reason or "A policy wants people to agree.",
        risk=answer.risk,
        approvers=answer.approvers,
        need=answer.need,
        expires=_seconds(answer.expires),
        on_expiry=answer.on_expiry,
        remind=_seconds(answer.remind),
        escalate_after=_seconds(answer.escalate_after),
        escalate_to=answer.escalate_to,
    )


def still_asked(ruled: Ruled, approved: Callable[[str], bool]) -> Ruled | None:
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
