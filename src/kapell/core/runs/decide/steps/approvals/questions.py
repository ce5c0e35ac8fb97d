"""Questions to people: asked, asked again, reminded of, handed to others."""

import msgspec

from kapell.core.events.guarding.approval import (
    ApprovalEscalated,
    ApprovalReminded,
    ApprovalRequested,
)
from kapell.core.events.step import StepWaiting
from kapell.core.events.value import packed_digest
from kapell.core.guardrails.labels import label_of
from kapell.core.runs.decide.origins import begun
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import MOST_REMINDERS, Question, StepRun
from kapell.core.workflows.version import ApprovalWork
from kapell.kit.clock import LATEST
from kapell.kit.json import Json


def approval(t: Thinking, run: StepRun, work: ApprovalWork) -> None:
    """Ask people as a step says."""
    names = t.names(run)
    title = names.value(work.title)
    data = t.pack(names.value(work.data))
    expires = min(t.ctx.now + work.expires, LATEST) if work.expires is not None else None
    label = label_of(names.label)
    t.emit(begun(run))
    request = ApprovalRequested(
        run.path,
        _text(title),
        data,
        work.edit,
        expires,
        label,
        digest=packed_digest(data),
        approvers=work.approvers,
        need=work.need,
        on_expiry=work.on_expiry,
        remind=work.remind,
        escalate_after=work.escalate.after if work.escalate is not None else None,
        escalate_to=work.escalate.to if work.escalate is not None else "",
    )
    ask(t, request)
    t.emit(StepWaiting(run.path, "approval", expires))
    if expires is not None:
        t.waitlists.arm(run.path, expires)


def ask(t: Thinking, request: ApprovalRequested) -> None:
    """Ask people, and remember when to look whether they have answered."""
    t.emit(request)
    arm(t, t.state.questions[request.call or request.path])


def arm(t: Thinking, question: Question) -> None:
    """Remember when a question has to be looked at."""
    due = question.due()
    if due is not None:
        t.waitlists.arm(question.timer, due)


def ask_again(t: Thinking, question: Question) -> None:
    """Put an open question back on the list, for a run that is open again."""
    asked = question.request
    ask(
        t,
        msgspec.structs.replace(
            asked, data=question.data, digest=question.digest, approvers=question.approvers
        ),
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else str(value)


def nobody_answered(t: Thinking, question: Question) -> None:
    """Escalate, or remind, as is due."""
    asked = question.request
    if question.escalate_at is not None and question.escalate_at <= t.ctx.now:
        t.emit(ApprovalEscalated(asked.path, asked.escalate_to, asked.call))
    if asked.remind is not None and question.reminded < MOST_REMINDERS:
        # Those that fell into a time without a worker are one.
        number = min(int((t.ctx.now - question.at) / asked.remind), MOST_REMINDERS)
        if number > question.reminded:
            t.emit(ApprovalReminded(asked.path, number, asked.call))
    arm(t, question)
