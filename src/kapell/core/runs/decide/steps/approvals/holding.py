"""Calls that a gate held: nothing was called, the money is free again, people are asked."""

from kapell.core.approvals.question import call_digest
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.model import ModelHeld
from kapell.core.events.tool import ToolHeld
from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import all_of, label_of, labels_of
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.steps.approvals.questions import ask
from kapell.core.runs.decide.steps.replies import end_call, judged
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.inputs import CallHeld
from kapell.core.runs.state import OpenCall
from kapell.kit.clock import LATEST
from kapell.kit.errors import Failure, KapellError, Kind


def call_held(t: Thinking, event: CallHeld) -> None:
    """End a call that was held, and ask people whether it may be made.

    Where nothing new may begin any more, nobody is asked: it has failed.
    """
    opened = t.state.calls.get(event.call)
    if opened is None:
        return
    run = t.state.steps[opened.path]
    scope, place = t.state.scopes[run.scope], t.place(run)
    goes_on = t.may_begin(scope, place) or (t.state.phase == "held" and not t.stopped(scope))
    asking = "approvals" not in t.state.request.guards.without
    try:
        args = t.pack(event.args)
    except KapellError as error:
        judged(t, opened, event.facts)
        _failed(t, opened, Failure.of(error, opened.path), event.seconds)
        return
    judged(t, opened, event.facts)
    if goes_on and asking:
        _ask(t, opened, event, args)
    else:
        _failed(t, opened, _nobody_is_asked(opened.path, asking=asking), event.seconds)
    t.freed(t.state.steps[opened.path])
    money.after(t, opened)


def _ask(t: Thinking, opened: OpenCall, event: CallHeld, args: Packed) -> None:
    question = event.question
    if opened.kind == "model" or opened.usd:
        money.settle(t, opened, 0, 0)
    seconds = event.seconds
    if opened.kind == "model":
        t.emit(ModelHeld(call=opened.call, path=opened.path, model=opened.name, seconds=seconds))
    else:
        t.emit(
            ToolHeld(
                call=opened.call,
                path=opened.path,
                tool=opened.name,
                seconds=seconds,
                ask=opened.ask,
            )
        )
    expires = question.expires
    ask(
        t,
        ApprovalRequested(
            opened.path,
            f"Call {opened.name}?" if opened.kind == "tool" else f"Ask {opened.name}?",
            args,
            ("*",) if opened.kind == "tool" else (),
            None if expires is None else min(t.ctx.now + expires, LATEST),
            call=opened.call,
            ask=opened.ask,
            tool=opened.name if opened.kind == "tool" else "",
            digest=call_digest(opened.name, event.args),
            rule=question.rule,
            why=question.why,
            risk=question.risk,
            cost=opened.usd,
            label=label_of(all_of(opened.labels.values())),
            labels=labels_of(opened.labels),
            approvers=question.approvers,
            need=question.need,
            on_expiry=question.on_expiry,
            remind=question.remind,
            escalate_after=question.escalate_after,
            escalate_to=question.escalate_to,
        ),
    )


def _failed(t: Thinking, opened: OpenCall, failure: Failure, seconds: float) -> None:
    end_call(t, opened, failure, unknown=False, seconds=seconds)
    if opened.ask and t.state.phase != "cancelling":
        t.later("call", opened.path)
    else:
        t.later("broke", opened.path, failure)


def _nobody_is_asked(path: str, *, asking: bool) -> Failure:
    return Failure(
        "approval_needed",
        "People would have to agree first, and "
        + ("the run ends." if asking else "approvals are switched off."),
        Kind.DENIED,
        advice="Fork the run, or restart it, to be asked."
        if asking
        else "Switch `guardrails.flags.approvals` on, or let the policy allow it.",
        step=path,
    )
