"""What people are asked when a policy wants them to agree."""

from kapell.core.approvals.question import Question
from kapell.core.policies.answers import Answer
from kapell.core.policies.ruled import Ruled
from kapell.kit.clock import span


def question_of(ruled: Ruled) -> Question:
    """Return what a ruling that asks asks people."""
    answer = ruled.decided.answer if ruled.decided is not None else Answer(rule="")
    return Question(
        rule=ruled.judgement.rule,
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


def _seconds(given: float | str | None) -> float | None:
    return None if given is None else span(given)
