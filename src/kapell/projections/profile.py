"""Where the time of a run went: at work or waiting, step by step, and which step was slowest.

A step works while one of its step runs works: ten calls side by side for a second are a second of
the run, not ten. Waiting is for people, time, signals, other runs and pauses between attempts.
"""

from collections.abc import Iterable

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.model import ModelRequested
from kapell.core.events.run import RunForked, RunStarted
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
    StepWaiting,
)
from kapell.core.events.tool import ToolRequested
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.projections import addresses


class StepTime(msgspec.Struct):
    """The time of one step, in seconds.

    ``working`` and ``waiting`` hold the step runs that do so now, with since when. ``busy`` is the
    time in which at least one worked, ``idle`` that in which some waited and none worked, ``sum``
    the work of all step runs added up. ``copied`` is a step that a fork took over from its original
    and did nothing of itself: it has no time.
    """

    step: str
    runs: int = 0
    working: dict[str, float] = {}
    waiting: dict[str, float] = {}
    changed: float = 0.0
    busy: float = 0.0
    idle: float = 0.0
    sum: float = 0.0
    slowest: float = 0.0
    slowest_path: str = ""
    container: bool = False
    copied: bool = False


class ProfileView(msgspec.Struct):
    """The time of a run and of its steps."""

    started_at: float | None = None
    last_at: float = 0.0
    ended: bool = False
    steps: dict[str, StepTime] = {}

    @property
    def seconds(self) -> float:
        """Return the seconds from the start to the last event."""
        return 0.0 if self.started_at is None else self.last_at - self.started_at

    def ranked(self) -> list[StepTime]:
        """Return the steps that do work themselves, the slowest first."""
        own = [one for one in self.steps.values() if not one.container]
        return sorted(own, key=lambda one: (-one.busy, -one.sum, one.step))

    @property
    def slowest(self) -> StepTime | None:
        """Return the step that kept the run busy longest, None when none did anything."""
        ranked = self.ranked()
        return ranked[0] if ranked and ranked[0].busy > 0 else None

    @property
    def idle(self) -> float:
        """Return the seconds in which steps waited, added up over steps."""
        return sum(one.idle for one in self.steps.values() if not one.container)


def profile(events: Iterable[Event]) -> ProfileView:
    """Return the profile of a whole log."""
    view = ProfileView()
    for event in events:
        fold(view, event)
    return view


def fold(view: ProfileView, event: Event) -> ProfileView:
    """Return the view after an event; the view that is given is changed."""
    view.last_at = event.at
    payload = event.payload
    match payload:
        case RunStarted():
            view.started_at = event.at
        case StepStarted():
            if payload.items is None:
                _works(view, payload.path, event.at)
                _step(view, payload.path).runs += payload.attempt == 1 and payload.number <= 1
            else:
                _step(view, payload.path)
        case ModelRequested() | ToolRequested():
            _works(view, payload.path, event.at)
        case StepWaiting() | StepRetryScheduled() | StepDead(stage="unknown_outcome"):
            step = _step(view, payload.path)
            _account(step, event.at)
            _finish(step, payload.path, event.at)
            step.waiting[payload.path] = event.at
        case StepSucceeded() | StepFailed() | StepDead() | StepSkipped():
            step = _step(view, payload.path)
            _account(step, event.at)
            _finish(step, payload.path, event.at)
        case RunForked():
            # The copied past took the original's time, not this run's.
            view.started_at = event.at
            view.steps = {
                name: StepTime(name, copied=True, container=step.container, changed=event.at)
                for name, step in view.steps.items()
            }
        case _:
            if event.type.removeprefix("run.") in {RunStatus(one).value for one in TERMINAL}:
                _all_end(view, event.at)
    return view


def _all_end(view: ProfileView, at: float) -> None:
    view.ended = True
    for step in view.steps.values():
        _account(step, at)
        for path in [*step.working, *step.waiting]:
            _finish(step, path, at)


def _step(view: ProfileView, path: str) -> StepTime:
    name = addresses.step_of(path)
    found = view.steps.get(name)
    if found is None:
        found = view.steps[name] = StepTime(name)
        above = view.steps.get(addresses.parent_of(name))
        if above is not None:
            above.container = True
    return found


def _works(view: ProfileView, path: str, at: float) -> None:
    step = _step(view, path)
    _account(step, at)
    step.copied = False
    step.waiting.pop(path, None)
    step.working.setdefault(path, at)


def _account(step: StepTime, at: float) -> None:
    """Book the time since the last change to what the step was doing."""
    if step.working:
        step.busy += at - step.changed
    elif step.waiting:
        step.idle += at - step.changed
    step.changed = at


def _finish(step: StepTime, path: str, at: float) -> None:
    step.waiting.pop(path, None)
    since = step.working.pop(path, None)
    if since is None:
        return
    step.sum += at - since
    if at - since > step.slowest or not step.slowest_path:
        step.slowest, step.slowest_path = at - since, path
