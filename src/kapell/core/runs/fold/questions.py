"""How facts about held calls and about what people are asked change the state."""

from kapell.core.agents import turns
from kapell.core.approvals.approvers import handed_on
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalReminded,
    ApprovalRequested,
)
from kapell.core.events.model import ModelHeld
from kapell.core.events.tool import ToolHeld
from kapell.core.guardrails.labels import USER, mask_of
from kapell.core.runs.fold import tree
from kapell.core.runs.fold.calls import close
from kapell.core.runs.program import Program
from kapell.core.runs.state import Question, State


def held(state: State, program: Program, event: ToolHeld | ModelHeld, at: float, seq: int) -> None:
    """A call ended before it began; it is made anew once people have let it through."""
    del program, seq
    close(state, event.call, at)
    if isinstance(event, ToolHeld):
        asked = turns.asked(state.steps[event.path].turns, event.ask)
        if asked is not None:
            asked.call = ""
            asked.begun -= 1


def requested(
    state: State, program: Program, event: ApprovalRequested, at: float, seq: int
) -> None:
    """People are asked; the data stays at hand for the answer."""
    del program
    run = state.steps[event.path]
    after = event.escalate_after
    question = Question(
        event,
        at,
        event.data,
        event.digest,
        event.approvers,
        escalate_at=None if after is None else at + after,
        foreign=seq <= state.request.imported,
    )
    run.label |= mask_of(event.label)
    if not event.call:
        run.data = event.data
    elif event.call not in state.questions:
        run.held += 1
        asked = turns.asked(run.turns, event.ask)
        if asked is not None:
            asked.call = event.call
    state.questions[question.key] = question
    _arm(state, question)


def _arm(state: State, question: Question) -> None:
    due = question.due()
    if due is None:
        state.timers.pop(question.timer, None)
    else:
        state.timers[question.timer] = due


def answered(state: State, program: Program, event: ApprovalAnswered, at: float, seq: int) -> None:
    """Somebody answered; once enough have, what follows is the step's result, or the call anew."""
    del program, at, seq
    run = state.steps[event.path]
    if not event.call or event.labels:
        run.label |= USER
    if not event.call:
        run.data = event.data
    question = state.questions.get(event.call or event.path)
    if question is None:
        return
    if event.left:
        same = event.digest == question.digest
        question.agreed = (*question.agreed, event.by) if same else (event.by,)
        question.data, question.digest = event.data, event.digest
        question.labels = dict(event.labels)
        question.changes += 1
        return
    tree.close_question(state, question)
    if not event.call or not event.approved:
        return
    asked = turns.asked(run.turns, question.request.ask)
    if question.foreign:
        if asked is not None:
            asked.call = ""
        return
    labels = dict(event.labels or question.request.labels)
    rule = question.request.rule
    if asked is None:
        run.grants[rule] = event.digest
        run.approved, run.granted, run.granted_labels = event.digest, event.data, labels
        return
    asked.grants[rule] = event.digest
    asked.call, asked.approved, asked.labels = "", event.digest, labels
    if event.data != asked.args:
        asked.edited = event.data


def expired(state: State, program: Program, event: ApprovalExpired, at: float, seq: int) -> None:
    """Nobody answered; the step's result, or the call's failure, follows."""
    del program, at, seq
    question = state.questions.get(event.call or event.path)
    if question is not None:
        tree.close_question(state, question)


def delegated(
    state: State, program: Program, event: ApprovalDelegated, at: float, seq: int
) -> None:
    """Somebody else may answer now."""
    del program, at, seq
    question = state.questions.get(event.call or event.path)
    if question is not None:
        question.approvers = handed_on(question.approvers, event.by, event.to)
        question.passed = (*question.passed, event.by)
        question.changes += 1


def reminded(state: State, program: Program, event: ApprovalReminded, at: float, seq: int) -> None:
    """Those who were asked are asked again."""
    del program, at, seq
    question = state.questions.get(event.call or event.path)
    if question is not None:
        question.reminded = event.number
        _arm(state, question)


def escalated(
    state: State, program: Program, event: ApprovalEscalated, at: float, seq: int
) -> None:
    """Others may answer too; where anyone might, anyone still may."""
    del program, at, seq
    question = state.questions.get(event.call or event.path)
    if question is None:
        return
    question.escalate_at = None
    question.changes += 1
    if question.approvers and event.to not in question.approvers:
        question.approvers = (*question.approvers, event.to)
    _arm(state, question)
