"""Waiting: for a time, a signal, a person, a child run."""

from kapell.core.events.approval import ApprovalAnswered, ApprovalExpired, ApprovalRequested
from kapell.core.events.signal import SignalReceived
from kapell.core.events.step import StepWaiting
from kapell.core.events.value import Inline, Packed
from kapell.core.guardrails.labels import USER, WEB, label_of
from kapell.core.runs.commands import Answer, Signal
from kapell.core.runs.decide.steps.origins import begun
from kapell.core.runs.decide.steps.results import finish, reraise_if_cheap
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import HeldSignal, StepRun
from kapell.core.workflows.version import ApprovalWork, WaitWork
from kapell.kit.clock import LATEST, instant, instant_text, span
from kapell.kit.errors import Failure, Invalid, KapellError, Kind
from kapell.kit.json import Json


def approval(t: Thinking, run: StepRun, work: ApprovalWork) -> None:
    """Ask a person."""
    names = t.names(run)
    title = names.value(work.title)
    data = t.pack(names.value(work.data))
    label = label_of(names.label)
    expires = min(t.ctx.now + work.expires, LATEST) if work.expires is not None else None
    t.emit(begun(run))
    t.emit(ApprovalRequested(run.path, _text(title), data, work.edit, expires, label))
    _wait(t, run.path, StepWaiting(run.path, "approval", expires))


def ask_again(t: Thinking, run: StepRun) -> None:
    """Put an open question on the list again, for a run that is open again."""
    work = t.place(run).step.work
    if isinstance(work, ApprovalWork):
        title = _text(t.names(run).value(work.title))
        label = label_of(run.label)
        t.emit(ApprovalRequested(run.path, title, run.data, work.edit, run.due, label))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else str(value)


def _wait(t: Thinking, path: str, event: StepWaiting) -> None:
    t.emit(event)
    if event.until is not None:
        t.waitlists.arm(path, event.until)


def wait(t: Thinking, run: StepRun, work: WaitWork) -> None:
    """Wait for a time or a signal; a signal that came before is taken at once."""
    names = t.names(run)
    if work.signal is not None:
        held = _held(t, run, work)
        t.emit(begun(run))
        if held is not None:
            live = t.state.steps[run.path]
            label = USER if work.trust == "trusted" else held.label
            finish(t, live, lambda: held.payload, taken=held.seq, label=lambda: label)
            return
        _wait(t, run.path, StepWaiting(run.path, "signal", signal=work.signal))
        return
    if work.until is not None:
        due = _instant(names.value(work.until))
    else:
        seconds = names.value(work.seconds)
        if not isinstance(seconds, int | float | str):
            raise Invalid(
                "'wait.for' is not a span of time.",
                code="span_broken",
                advice="Give it a number of seconds, or a text such as 90s, 5m, 2h or 3d.",
            )
        due = t.ctx.now + span(seconds)
    t.emit(begun(run))
    _wait(t, run.path, StepWaiting(run.path, "time", due))


def _held(t: Thinking, run: StepRun, work: WaitWork) -> HeldSignal | None:
    for held in t.state.signals:
        if held.name == work.signal and _matches(t, run, work, held.payload):
            return held
    return None


def _instant(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        value = ""
    return instant(value)


def _matches(t: Thinking, run: StepRun, work: WaitWork, payload: Packed) -> bool:
    if work.match is None:
        return True
    names = t.names(run)
    try:
        return bool(names.expression(work.match, {"signal": names.unpacked(payload)}))
    except KapellError as error:  # a signal of another make is no match, and no failure
        reraise_if_cheap(t, error)
        return False


def time_is_up(t: Thinking, run: StepRun) -> None:
    """The instant a step run waited for has come."""
    if _over(t, run):
        return
    due = run.due if run.due is not None else t.ctx.now
    if run.waits == "time":
        finish(t, run, lambda: Inline({"at": instant_text(due)}))
    elif run.waits == "approval":
        _expire(t, run)
    elif run.waits == "retry":
        t.later("begin", run.path)


def _over(t: Thinking, run: StepRun) -> bool:
    """Tell whether undoing has begun, after which nothing else goes on."""
    return t.state.phase == "undoing" and not t.in_undo(t.state.scopes[run.scope])


def _expire(t: Thinking, run: StepRun) -> None:
    work = t.place(run).step.work
    if not isinstance(work, ApprovalWork):
        return
    t.emit(ApprovalExpired(run.path, work.on_expiry))
    if work.on_expiry == "fail":
        failure = Failure(
            "approval_expired",
            "Nobody answered the approval in time.",
            Kind.LIMITED,
            advice="Answer sooner, or raise 'expires'.",
            step=run.path,
        )
        t.later("broke", run.path, failure)
        return
    _answered(t, run, work.on_expiry == "approve", "expiry", "", run.data)


def answer(t: Thinking, command: Answer, actor: str, at: float) -> None:
    """Take a person's answer; one for something that no longer asks changes nothing.

    One that was given in time counts, however late it is read; one that was not comes after the
    expiry, even when nobody was there to tell of that.
    """
    run = t.state.steps.get(command.path)
    if run is None or run.waits != "approval" or _over(t, run):
        return
    if run.due is not None and at >= run.due:
        _expire(t, run)
        return
    data = run.data
    if command.data is not None:
        data = t.pack(_edited(t, run, command.data))
    t.emit(ApprovalAnswered(run.path, command.approved, actor, data, command.note))
    _answered(t, run, command.approved, actor, command.note, data)


def _edited(t: Thinking, run: StepRun, change: Json) -> Json:
    """Return the data with the keys changed that may be; other changes are left out."""
    work = t.place(run).step.work
    data = t.names(run).unpacked(run.data)
    if not isinstance(work, ApprovalWork) or not isinstance(change, dict):
        return data
    kept = dict(data) if isinstance(data, dict) else {}
    kept.update({key: value for key, value in change.items() if key in work.edit})
    return kept


def _answered(t: Thinking, run: StepRun, approved: bool, by: str, note: str, data: Packed) -> None:
    at = instant_text(t.ctx.now)

    def output() -> Packed:
        value = t.names(run).unpacked(data)
        return t.pack({"approved": approved, "by": by, "at": at, "note": note, "data": value})

    finish(t, run, output)


def signal(t: Thinking, command: Signal) -> None:
    """Give a signal to the first step run that waits for it, or keep it for one that will."""
    payload = t.pack(command.payload)
    for run in list(t.state.steps.values()):
        work = t.place(run).step.work
        named = run.waits == "signal" and run.signal == command.name and not _over(t, run)
        if named and isinstance(work, WaitWork) and _matches(t, run, work, payload):
            label = label_of(USER if work.trust == "trusted" else WEB)
            t.emit(SignalReceived(command.name, payload, run.path, label))
            finish(t, run, lambda: payload)
            return
    t.emit(SignalReceived(command.name, payload, label=label_of(WEB)))
