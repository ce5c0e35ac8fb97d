"""Failure: tried again, handled, passed outwards, or the end of the run's new work."""

import hashlib
from collections.abc import Iterator

import msgspec

from kapell.core.approvals.question import SAID_NO
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
)
from kapell.core.guardrails.labels import Mask, label_of
from kapell.core.runs import paths
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.steps.results import frozen_names
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.state import StepRun
from kapell.core.runs.status import STEP_ENDED
from kapell.core.workflows.version import Body, Join, Retry
from kapell.kit.errors import Failure, KapellError, Kind

LONGEST_WISH = 3600.0
"""Seconds a provider's ``Retry-After`` is followed: a broken one must not park a run for years."""


def broke(t: Thinking, path: str, failure: Failure, unknown: bool) -> None:
    """An attempt failed: schedule the next, or give up."""
    run = t.state.steps.get(path)
    if run is None:
        t.emit(StepDead(path, "step", failure, 1))
        return
    if run.status in STEP_ENDED:
        return
    if not failure.step:
        failure = msgspec.structs.replace(failure, step=path)
    if breaking.refused(t, run, failure):
        return
    policy = t.place(run).step.retry
    once = run.handled or run.fan is not None or _stopped(t, run)
    if not once and _again(policy, run.attempt, failure) and t.state.phase != "cancelling":
        at = t.ctx.now + delay(policy, run.attempt, failure, f"{t.state.run_id}{path}")
        t.emit(StepRetryScheduled(path, run.attempt + 1, at, failure))
        t.waitlists.arm(path, at)
        if run.item >= 0:
            t.refill(run.outer)
        return
    give_up(t, run, failure, unknown)


def _stopped(t: Thinking, run: StepRun) -> bool:
    """Tell whether something around has failed, so that no further attempt would ever begin."""
    if t.place(run).step.join is Join.ALWAYS:
        return False
    fan = t.state.steps[run.outer].fan if run.item >= 0 else None
    failed = fan is not None and fan.failed is not None
    return failed or t.stopped(t.state.scopes[run.scope])


def _again(policy: Retry, attempt: int, failure: Failure) -> bool:
    said_no = failure.code in SAID_NO  # nobody is asked again, unless the author names the code
    return attempt < policy.attempts and (
        failure.code in policy.on or (str(failure.kind.value) in policy.on and not said_no)
    )


def delay(policy: Retry, attempt: int, failure: Failure, seed: str) -> float:
    """Return the seconds until the next attempt: doubling, bounded, jittered.

    It never comes before the other side's wish, unless that is longer than ``LONGEST_WISH``. The
    jitter covers the upper half; its chance is drawn from the path, so it is the same when the
    decision is made again.
    """
    base = min(policy.backoff * 2.0 ** min(attempt - 1, 30), policy.max)
    if policy.jitter:
        drawn = hashlib.sha256(f"{seed}#{attempt}".encode()).digest()
        base *= 0.5 + int.from_bytes(drawn[:4], "big") / 2**33
    return max(base, min(failure.retry_after or 0.0, LONGEST_WISH))


def give_up(t: Thinking, run: StepRun, failure: Failure, unknown: bool = False) -> None:
    """No attempt is left: let ``on_error``, something around, or a person take over."""
    if not failure.step:
        failure = msgspec.structs.replace(failure, step=run.path)
    undo, labels = frozen_names(t, run, None) if unknown or run.unsure else (None, {})
    label = label_of(tree.label_of_run(t.state, t.program, run) | _read(t, run))
    if t.state.phase == "cancelling":
        # The run ends anyway: what was stopped is nobody's dead letter and no failure of the run.
        t.emit(StepFailed(run.path, failure, undo=undo, label=label, undo_labels=labels))
        return
    held = breaking.failed(t, run, failure)
    if held is not None:
        t.emit(StepDead(run.path, "breaker", held, run.attempt, undo, label, labels))
        return
    step = t.place(run).step
    if run.item >= 0:
        each = step.for_each
        if each is not None and each.on_item_error == "collect":
            t.emit(StepFailed(run.path, failure, True, undo, label, labels))
            t.later("ended", run.path)
            return
    elif step.on_error != "fail" and not run.handled:
        t.emit(StepFailed(run.path, failure, True, undo, label, labels))
        if isinstance(step.on_error, Body):
            t.later("consider", paths.attempt(run.path, run.attempt) + paths.HANDLER)
        else:
            t.later("ended", run.path)
        return
    if _caught(t, run, failure):
        t.emit(StepFailed(run.path, failure, False, undo, label, labels))
        t.later("ended", run.path)
    else:
        t.emit(StepDead(run.path, "step", failure, run.attempt, undo, label, labels))


def _read(t: Thinking, run: StepRun) -> Mask:
    """Return the label of what a failing step run may have read: an expression's error tells it."""
    try:
        return t.names(run).read(t.program.reads_of(t.place(run).step))
    except KapellError:
        return 0


def unsure(t: Thinking) -> list[str]:
    """Return the step runs that were cut short in a call that may have taken effect."""
    return [run.path for run in t.state.steps.values() if _unsure(t, run)]


def _unsure(t: Thinking, run: StepRun) -> bool:
    known = not run.unsure or run.status in STEP_ENDED or run.path in t.state.dead
    return not (known or run.handled or t.place(run).step.compensate is None)


def cut_short(t: Thinking, path: str) -> None:
    """Let a step run be undone whose call was cut short and may have taken effect."""
    run = t.state.steps.get(path)
    if run is None or not _unsure(t, run):
        return
    undo, labels = frozen_names(t, run, None)
    failure = Failure(
        "outcome_unknown",
        "The call was cut short: it may have taken effect.",
        Kind.CONFLICT,
        advice="Look outside what happened.",
        step=path,
    )
    t.emit(StepDead(path, "unknown_outcome", failure, run.attempt, undo, undo_labels=labels))


def _caught(t: Thinking, run: StepRun, failure: Failure) -> bool:
    """Tell whether something around the step run will deal with its failure."""
    for inner, around in _around(t, run):
        if around is None:
            return t.in_undo(t.state.scopes[inner.scope])
        step = t.place(around).step
        handler = inner.scope.endswith(paths.HANDLER) and inner.item < 0
        if around.item >= 0 and inner.path != around.path:
            if _again(step.retry, around.attempt, failure):
                return True
            if step.for_each is not None and step.for_each.on_item_error == "collect":
                return True
            continue
        if around.item < 0 and not (around.handled or handler):
            if step.on_error != "fail":
                return True
            if around.fan is None and _again(step.retry, around.attempt, failure):
                return True
    return False


def _around(t: Thinking, run: StepRun) -> Iterator[tuple[StepRun, StepRun | None]]:
    inner = run
    while True:
        around = tree.owner_of(t.state, inner)
        yield inner, around
        if around is None:
            return
        inner = around


def _has_failed(t: Thinking, run: StepRun) -> bool:
    """Tell whether something around a step run has failed, or in it what stops the rest of it."""
    if t.branch_failure(run) is not None or t.stopped(t.state.scopes[run.scope]):
        return True
    fan = t.state.steps[run.outer].fan
    return fan is not None and fan.failed is not None


def halt(t: Thinking, path: str) -> None:
    """Stop what only waits inside a failed part; calls in flight settle by themselves.

    By now the part may be on its next attempt, or with its handler: then it goes on.
    """
    run = t.state.steps.get(path)
    if run is None or run.status in STEP_ENDED or run.open or not _has_failed(t, run):
        return
    inner: list[StepRun] = list(tree.live_items(t.state, run))
    scopes = list(tree.inner_scopes(t.state, t.program, run))
    for scope in scopes:
        t.later("closed", scope.path)
        inner += [
            member
            for member in tree.members(t.state, t.program, scope)
            if member.status not in STEP_ENDED and t.place(member).step.join is not Join.ALWAYS
        ]
    for member in inner:
        t.later("halt", member.path)
    if run.fan is not None:
        t.refill(path)
    elif not scopes:
        t.stop(path)
