"""Waiting: for a time, for a signal."""

from kapell.core.events.signal import SignalReceived
from kapell.core.events.step import StepWaiting
from kapell.core.events.value import Inline, Packed
from kapell.core.guardrails.labels import USER, WEB, label_of
from kapell.core.runs.commands import Signal
from kapell.core.runs.decide.origins import begun
from kapell.core.runs.decide.steps.approvals.answers import expire, over
from kapell.core.runs.decide.steps.results import finish, reraise_if_cheap
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import HeldSignal, StepRun
from kapell.core.workflows.version import WaitWork
from kapell.kit.clock import instant, instant_text, span
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Json


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
    if over(t, run):
        return
    due = run.due if run.due is not None else t.ctx.now
    if run.waits == "time":
        finish(t, run, lambda: Inline({"at": instant_text(due)}))
    elif run.waits == "approval":
        expire(t, t.state.questions[run.path])
    elif run.waits == "retry":
        t.later("begin", run.path)


def signal(t: Thinking, command: Signal) -> None:
    """Give a signal to the first step run that waits for it, or keep it for one that will."""
    payload = t.pack(command.payload)
    for run in list(t.state.steps.values()):
        work = t.place(run).step.work
        named = run.waits == "signal" and run.signal == command.name and not over(t, run)
        if named and isinstance(work, WaitWork) and _matches(t, run, work, payload):
            label = label_of(USER if work.trust == "trusted" else WEB)
            t.emit(SignalReceived(command.name, payload, run.path, label, command.whence))
            finish(t, run, lambda: payload)
            return
    t.emit(SignalReceived(command.name, payload, label=label_of(WEB), whence=command.whence))
