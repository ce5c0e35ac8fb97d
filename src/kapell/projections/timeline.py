"""A run as a timeline: one readable line for every event."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kapell.core.events.budget import (
    BudgetAlerted,
    BudgetExceeded,
    BudgetReserved,
    BudgetSettled,
    BudgetWarned,
)
from kapell.core.events.compensation import (
    CompensationFailed,
    CompensationStarted,
    CompensationSucceeded,
)
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalReminded,
    ApprovalRequested,
)
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelHeld,
    ModelJudged,
    ModelRequested,
)
from kapell.core.events.run import (
    RunAssigned,
    RunCancelled,
    RunCancelling,
    RunFailed,
    RunForked,
    RunMerged,
    RunQueued,
    RunRepaired,
    RunResumed,
    RunStarted,
    RunSucceeded,
    RunWaiting,
)
from kapell.core.events.signal import ChildEnded, ChildSettled, ChildStarted, SignalReceived
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
    StepTimedOut,
    StepWaiting,
)
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested, ToolReturned
from kapell.core.guardrails.labels import Label, joined, untrusted
from kapell.core.guardrails.standing import told
from kapell.core.guardrails.verdicts import Action, Verdict
from kapell.core.runs import paths
from kapell.kit.clock import instant_text, span_text
from kapell.kit.errors import Failure
from kapell.kit.money import text as money

Weight = Literal["news", "detail", "trouble"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, in words.

    ``weight`` says how much it matters: ``news`` to whoever watches, ``trouble`` too, ``detail``
    to whoever looks closely. ``path`` is the step run it belongs to, if any.
    """

    seq: int
    at: float
    type: str
    path: str
    text: str
    weight: Weight
    actor: str


def line_of(event: Event) -> Line:
    """Return the line of an event."""
    payload = event.payload
    text, weight = _said(payload, event.at)
    path = getattr(payload, "path", "")
    if isinstance(payload, BudgetReserved | BudgetSettled):
        path = paths.of_call(payload.call)
    return Line(
        seq=event.seq,
        at=event.at,
        type=event.type,
        path=path if isinstance(path, str) else "",
        text=text,
        weight=weight,
        actor=event.actor,
    )


def _said(payload: Payload, at: float) -> tuple[str, Weight]:
    kind = str(type(payload).__struct_config__.tag)
    if kind.startswith("run."):
        return _of_run(payload)
    if kind.startswith("step."):
        return _of_step(payload, at)
    if kind.startswith(("model.", "tool.")):
        return _of_call(payload)
    if isinstance(payload, GuardVerdict):
        return _guarded(payload.verdict), _GRAVITY[payload.verdict.action]
    if isinstance(payload, PolicyVerdict):
        rule = payload.judgement.rule or "the default"
        return f"policy says {payload.judgement.ruling} ({rule})", "detail"
    if isinstance(payload, BreakerTripped):
        if payload.reason == "open":
            return f"held for a person: the agent {payload.name} is held in all runs", "trouble"
        who = payload.name or {"money": "a limit of money"}.get(payload.scope, "the run")
        return f"held for a person: {payload.reason} of {who}", "trouble"
    if kind.startswith("approval."):
        return _of_people(payload)
    return _of_rest(payload)


def _blamed(failure: Failure) -> str:
    return f"{failure.message} [{failure.code}]"


def _of_run(payload: Payload) -> tuple[str, Weight]:  # noqa: C901 - one branch per fact
    match payload:
        case RunQueued():
            later = "" if payload.scheduled_for is None else f" for {_time(payload.scheduled_for)}"
            return f"{payload.workflow} queued{later}{_guards(payload)}{_refused(payload)}", "news"
        case RunAssigned():
            return f"taken by worker {payload.worker}", "detail"
        case RunStarted():
            return "started", "news"
        case RunWaiting():
            return f"waiting for {waiting_text(payload)}", "news"
        case RunResumed():
            return "goes on", "detail"
        case RunSucceeded():
            return "succeeded", "news"
        case RunFailed():
            undone = ", finished steps were undone" if payload.compensated else ""
            return f"failed: {_blamed(payload.failure)}{undone}", "trouble"
        case RunCancelling():
            return f"is being cancelled{_why(payload.reason)}", "news"
        case RunCancelled():
            return f"cancelled{_why(payload.reason)}", "news"
        case RunForked():
            return f"forked from {payload.run_id} after event {payload.seq}", "news"
        case RunRepaired():
            done = "tried anew" if payload.output is None else "given a result"
            return f"{payload.path or 'what failed'} {done}{_why(payload.note)}", "news"
        case RunMerged():
            return f"took over the outcome of {payload.run_id}", "news"
        case _:
            return "", "detail"


def _guards(queued: RunQueued) -> str:
    """Return which guards a run was asked for without, or with others than usual."""
    said = told(queued.guards)
    return f" ({said})" if said else ""


def _refused(queued: RunQueued) -> str:
    """Return which agents' files were refused when the run was asked for."""
    return "".join(f"; {one.message}" for one in queued.kept)


def waiting_text(waiting: RunWaiting) -> str:
    """Return what a run waits for: ``2 approvals, 1 timer``."""
    counts = (
        (waiting.approvals, "approval"),
        (waiting.signals, "signal"),
        (waiting.timers, "timer"),
        (waiting.children, "child run"),
        (waiting.dead, "dead letter"),
    )
    said = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    until = f" until {_time(waiting.until)}" if waiting.until is not None else ""
    return (", ".join(said) or "somebody") + until


def _of_step(payload: Payload, at: float) -> tuple[str, Weight]:
    match payload:
        case StepStarted():
            if payload.items is not None:
                return f"started with {payload.total} items", "news"
            again = f", attempt {payload.attempt}" if payload.attempt > 1 else ""
            number = f", pass {payload.number}" if payload.number else ""
            choice = f", case {payload.choice}" if payload.choice else ""
            return f"started{again}{number}{choice}", "news"
        case StepSucceeded():
            return "done (kept from before)" if payload.cached else "done", "news"
        case StepFailed():
            handled = ", handled" if payload.handled else ""
            return f"failed{handled}: {_blamed(payload.failure)}", "trouble"
        case StepRetryScheduled():
            pause = span_text(max(0.0, payload.at - at))
            return (
                f"attempt {payload.attempt} in {pause}, after: {_blamed(payload.failure)}",
                "trouble",
            )
        case StepSkipped():
            return f"skipped ({payload.reason})", "news"
        case StepWaiting():
            what = f"signal {payload.signal}" if payload.signal else payload.on
            until = f" until {_time(payload.until)}" if payload.until is not None else ""
            return f"waiting for {what}{until}", "news"
        case StepTimedOut():
            return f"out of time after {span_text(payload.seconds)}", "trouble"
        case StepDead():
            if payload.stage == "unknown_outcome":
                return (
                    f"waiting for a person to say what became of its call: "
                    f"{_blamed(payload.failure)}",
                    "trouble",
                )
            tries = f"{payload.attempts} attempt{'s' if payload.attempts > 1 else ''}"
            return f"dead letter after {tries}: {_blamed(payload.failure)}", "trouble"
        case _:
            return "", "detail"


def _strangers(label: Label) -> str:
    return " (with strangers' words)" if untrusted(label) else ""


def _judged(payload: ModelJudged) -> str:
    said = f"says {payload.score:g}" if payload.score is not None else payload.without
    if payload.without:
        said += ", no verdict: " + ("the answer does not pass" if payload.closed else "rules alone")
    wrong = f", to be corrected: {payload.problem}" if payload.problem else ""
    counts = f", {payload.grounding.score:g} counts" if payload.grounding is not None else ""
    return f"{payload.judge or 'no judge'} of {payload.call}: {said}{counts}{wrong}"


def _of_call(payload: Payload) -> tuple[str, Weight]:
    match payload:
        case ModelRequested():
            what = f" to judge {payload.judges}" if payload.judges else ""
            return f"asks {payload.model}{what}{_strangers(payload.label)}", "detail"
        case ModelAnswered():
            wrong = f", to be corrected: {payload.problem}" if payload.problem else ""
            if payload.asks:
                wrong = f", asks for {', '.join(ask.tool for ask in payload.asks)}"
            who = f"{payload.model} ({payload.by})" if payload.by else payload.model
            return (
                f"{who} answered in {span_text(payload.seconds)}: "
                f"{payload.usage.total} tokens, {money(payload.cost)}{wrong}",
                "detail",
            )
        case ModelJudged():
            loud = payload.without not in ("", "judge_offline")
            return _judged(payload), "trouble" if loud else "detail"
        case ModelFailed():
            return f"{payload.model} failed: {_blamed(payload.failure)}", "detail"
        case ModelAbandoned():
            return (
                f"{payload.model} lost with its worker, booked at {money(payload.cost)}",
                "trouble",
            )
        case ToolRequested():
            given = joined(payload.labels.values())
            return f"calls {payload.tool}{_strangers(given)}", "detail"
        case ToolReturned():
            files = f", {len(payload.files)} files changed" if payload.files else ""
            took, who = span_text(payload.seconds), _strangers(payload.label)
            return f"{payload.tool} returned in {took}{files}{who}", "detail"
        case ToolHeld():
            return f"{payload.tool} is held: people are asked first", "news"
        case ModelHeld():
            return f"{payload.model} is held: people are asked first", "news"
        case ToolFailed():
            return f"{payload.tool} failed: {_blamed(payload.failure)}", "detail"
        case _:
            return "", "detail"


def _of_people(payload: Payload) -> tuple[str, Weight]:
    match payload:
        case ApprovalRequested():
            return f"asks: {payload.title}", "news"
        case ApprovalAnswered():
            done = "approved" if payload.approved else "rejected"
            more = f", {payload.left} more must agree" if payload.left else ""
            return f"{done} by {payload.by}{_why(payload.note)}{more}", "news"
        case ApprovalDelegated():
            return f"{payload.by} lets {payload.to} answer{_why(payload.note)}", "news"
        case ApprovalReminded():
            return f"still waits for an answer (reminder {payload.number})", "news"
        case ApprovalEscalated():
            return f"nobody answered: {payload.to} may answer too", "trouble"
        case ApprovalExpired():
            return f"nobody answered: {payload.taken}", "trouble"
        case _:
            return "", "detail"


def _of_rest(payload: Payload) -> tuple[str, Weight]:
    match payload:
        case CompensationStarted():
            return "is being undone", "news"
        case CompensationSucceeded():
            return "undone", "news"
        case CompensationFailed():
            return f"could not be undone: {_blamed(payload.failure)}", "trouble"
        case SignalReceived():
            return f"signal {payload.name}", "news"
        case ChildStarted():
            return f"began run {payload.run_id} of {payload.workflow}", "news"
        case ChildEnded():
            return f"run {payload.run_id} {payload.status}", "news"
        case ChildSettled():
            used = f"{money(payload.usd)} and {payload.tokens} tokens used"
            return f"run {payload.run_id} ended after all: {used}", "detail"
        case _:
            return _of_budget(payload)


_GRAVITY: Mapping[Action, Weight] = {
    "pass": "detail",
    "redact": "detail",
    "ask": "news",
    "block": "trouble",
}


def _guarded(verdict: Verdict) -> str:
    found = ", ".join(f"{one.count} {one.family} {one.kind}" for one in verdict.reasons)
    return f"guard ({verdict.profile}) says {verdict.action} of the {verdict.place}: {found}"


def _of_budget(payload: Payload) -> tuple[str, Weight]:
    match payload:
        case BudgetReserved():
            return f"{money(payload.usd)} and {payload.tokens} tokens set aside", "detail"
        case BudgetSettled():
            return f"{money(payload.usd)} and {payload.tokens} tokens used", "detail"
        case BudgetExceeded():
            scope = payload.scope or "the run"
            return (
                f"budget of {scope} used up: {_amount(payload.what, payload.needed)} needed, "
                f"limit {_amount(payload.what, payload.limit)}",
                "trouble",
            )
        case BudgetWarned():
            scope = payload.scope or "the run"
            return (
                f"{_amount(payload.what, payload.used)} of the budget of {scope} are used "
                f"(limit {_amount(payload.what, payload.limit)})",
                "trouble",
            )
        case BudgetAlerted(reason="habit"):
            return (
                f"it costs {money(payload.used)}, far more than runs of this workflow do "
                f"(at most {money(payload.limit)})",
                "trouble",
            )
        case BudgetAlerted(reason="day"):
            per, _, name = payload.whose.partition("=")
            return (
                f"{per} {name} has spent {money(payload.used)} today, far more than on a usual day "
                f"({money(payload.limit)})",
                "trouble",
            )
        case BudgetAlerted():
            per, _, name = payload.whose.partition("=")
            return (
                f"{money(payload.used)} of the {money(payload.limit)} are spent that {per} {name} "
                f"may cost within {span_text(payload.every)}",
                "trouble",
            )
        case _:
            return "", "detail"


def _amount(what: str, number: float) -> str:
    if what == "usd":
        return money(int(number))
    return span_text(number) if what == "time" else f"{number:,.0f} tokens"


def _time(at: float) -> str:
    return instant_text(at).replace("+00:00", "Z")


def _why(reason: str) -> str:
    return f": {reason}" if reason else ""
