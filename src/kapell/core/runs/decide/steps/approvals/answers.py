"""People's answers: whose counts, for what, and what follows from it."""

from collections.abc import Mapping

from kapell.core.approvals.approvers import may_answer, subject
from kapell.core.approvals.question import call_digest
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalExpired,
)
from kapell.core.events.tool import ToolFailed
from kapell.core.events.value import Packed, packed_digest
from kapell.core.guardrails.labels import USER, Label, label_of
from kapell.core.runs.commands import Answer, Delegate
from kapell.core.runs.decide.steps.approvals.questions import nobody_answered
from kapell.core.runs.decide.steps.grounds import rejected
from kapell.core.runs.decide.steps.results import finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import Question, StepRun
from kapell.kit.clock import instant_text
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json


def over(t: Thinking, run: StepRun) -> bool:
    """Tell whether undoing has begun, after which nothing else goes on."""
    return t.state.phase == "undoing" and not t.in_undo(t.state.scopes[run.scope])


def _open(t: Thinking, path: str, asked: float | None) -> Question | None:
    """Return what is asked at ``path``, None when nobody asks that any more."""
    question = t.state.questions.get(path)
    if question is None or (asked is not None and asked != question.at):
        return None
    run = t.state.steps.get(question.request.path)
    return None if run is None or over(t, run) else question


def told(t: Thinking, command: Answer | Delegate, actor: str, at: float) -> None:
    """Take what somebody says to a question."""
    if isinstance(command, Answer):
        answer(t, command, actor, at)
    else:
        delegate(t, command, actor, at)


def answer(t: Thinking, command: Answer, actor: str, at: float) -> None:
    """Take a person's answer; one for something that no longer asks changes nothing.

    One that was given in time counts, however late it is read; one that was not comes after the
    expiry, even when nobody was there to tell of that. It counts for what its digest stands for.
    """
    question = _open(t, command.path, command.asked)
    if question is None:
        return
    asked = question.request
    if asked.expires is not None and at >= asked.expires:
        expire(t, question)
        return
    if not may_answer(question.approvers, question.passed, actor, command.roles):
        return
    if command.approved and command.digest and command.digest != question.digest:
        return
    run, data, digest = t.state.steps[asked.path], question.data, question.digest
    labels: Mapping[str, Label] = question.labels
    if command.data is not None:
        data, digest, labels = _edited(t, run, question, command.data)
    if command.approved and actor in question.agreed and digest == question.digest:
        return
    agreed = set(question.agreed) if digest == question.digest else set()
    left = max(asked.need - len({*agreed, actor}), 0) if command.approved else 0
    t.emit(
        ApprovalAnswered(
            asked.path,
            command.approved,
            actor,
            data,
            command.note,
            call=asked.call,
            digest=digest,
            left=left,
            labels=labels,
            whence=command.whence,
        )
    )
    if left:
        return
    if not asked.call:
        _answered(t, run, command.approved, actor, command.note, data)
    elif command.approved:
        t.later("call", asked.path)
    else:
        _not_called(t, question, _rejected(question, command.note))


def _edited(
    t: Thinking, run: StepRun, question: Question, change: Json
) -> tuple[Packed, str, Mapping[str, Label]]:
    """Return the data with the keys changed that may be; other changes are left out.

    With it come its digest and, of a call, the labels of its arguments: what a person gave is
    theirs.
    """
    asked = question.request
    data = t.names(run).unpacked(question.data)
    if not isinstance(change, dict) or not isinstance(data, dict | None):
        return question.data, question.digest, {}
    old = data or {}
    everything = asked.edit == ("*",)
    own = {k: v for k, v in change.items() if everything or k in asked.edit}
    own = {k: v for k, v in own.items() if k not in old or old[k] != v}
    if not own:
        return question.data, question.digest, question.labels
    packed = t.pack({**old, **own})
    if not asked.call:
        return packed, packed_digest(packed), {}
    theirs = dict.fromkeys(own, label_of(USER))
    labels = {**(question.labels or asked.labels), **theirs}
    return packed, call_digest(asked.tool, {**old, **own}), labels


def delegate(t: Thinking, command: Delegate, actor: str, at: float) -> None:
    """Let another one answer; who agreed already has answered and cannot hand it on."""
    question = _open(t, command.path, command.asked)
    if question is None or actor in question.agreed:
        return
    asked = question.request
    if asked.expires is not None and at >= asked.expires:
        expire(t, question)
        return
    to = subject(command.to)
    if to != actor and may_answer(question.approvers, question.passed, actor, command.roles):
        t.emit(ApprovalDelegated(asked.path, actor, to, command.note, asked.call, command.whence))


def time_is_up(t: Thinking, timer: str) -> None:
    """Look at a question whose timer has come: it expires, or people are reminded."""
    question = t.state.questions.get(timer[1:])
    if question is None or over(t, t.state.steps[question.request.path]):
        return
    expires = question.request.expires
    if expires is not None and expires <= t.ctx.now:
        if question.request.call:
            expire(t, question)
        return
    nobody_answered(t, question)


def expire(t: Thinking, question: Question) -> None:
    """Do what was said for the case that nobody answers in time."""
    asked = question.request
    run = t.state.steps[asked.path]
    t.emit(ApprovalExpired(asked.path, asked.on_expiry, asked.call))
    failure = Failure(
        "approval_expired",
        f"Nobody answered in time whether {asked.tool or 'the model'} may be called."
        if asked.call
        else "Nobody answered the approval in time.",
        Kind.DENIED if asked.call else Kind.LIMITED,
        advice="Answer sooner, or raise 'expires'.",
        step=run.path,
    )
    if asked.call:
        _not_called(t, question, failure)
    elif asked.on_expiry == "fail":
        t.later("broke", run.path, failure)
    else:
        _answered(t, run, asked.on_expiry == "approve", "expiry", "", question.data)


def _rejected(question: Question, note: str) -> Failure:
    asked = question.request
    why = f" They say: {note}" if note else ""
    return Failure(
        "approval_rejected",
        f"People did not let {asked.tool or 'the model'} be called.{why}"[:1000],
        Kind.DENIED,
        advice="Go on without this call, or ask for one they can agree to.",
        step=asked.path,
    )


def _not_called(t: Thinking, question: Question, failure: Failure) -> None:
    """Tell whoever wanted the call that it is not made."""
    asked = question.request
    if not asked.ask:
        t.later("broke", asked.path, failure)
        return
    final = failure.code == "approval_expired" and asked.on_expiry == "fail"
    t.emit(
        ToolFailed(
            call=asked.call,
            path=asked.path,
            tool=asked.tool,
            failure=failure,
            ask=asked.ask,
            label=label_of(USER),
            final=final,
        )
    )
    t.later("call", asked.path)


def _answered(t: Thinking, run: StepRun, approved: bool, by: str, note: str, data: Packed) -> None:
    if t.place(run).calls_model:
        _answer_used(t, run, approved, note, data)
        return
    at = instant_text(t.ctx.now)

    def output() -> Packed:
        value = t.names(run).unpacked(data)
        return t.pack({"approved": approved, "by": by, "at": at, "note": note, "data": value})

    finish(t, run, output)


def _answer_used(t: Thinking, run: StepRun, approved: bool, note: str, data: Packed) -> None:
    """Use a model's answer that people were shown, or fail because they did not want it."""
    if not approved:
        t.later("broke", run.path, rejected(run, note))
        return

    def output() -> Packed:
        shown = t.names(run).unpacked(data)
        return t.pack(shown["answer"] if isinstance(shown, dict) else None)

    finish(t, run, output)
