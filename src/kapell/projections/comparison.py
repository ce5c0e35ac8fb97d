"""Two runs beside each other: what they share, where they part, what each cost."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from kapell.core.events.envelope import Event, Payload
from kapell.core.events.run import Origin, RunQueued
from kapell.core.events.step import StepSucceeded
from kapell.core.events.value import Packed
from kapell.kit.json import Digest, digest, encode
from kapell.projections import addresses
from kapell.projections.profile import ProfileView, profile
from kapell.projections.tree import RunView, tree

Difference = Literal["same", "state", "output", "only_first", "only_second"]


class Side(msgspec.Struct, frozen=True):
    """One run's half of a comparison; of a step, or of the whole run."""

    status: str = ""
    usd: int = 0
    tokens: int = 0
    seconds: float = 0.0


class StepDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One step in both runs. ``paths`` are the step runs whose outputs differ."""

    step: str
    difference: Difference
    first: Side
    second: Side
    paths: tuple[str, ...] = ()


class ComparisonView(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs. ``shared`` counts the events both logs begin with."""

    first_run: str
    second_run: str
    same_version: bool
    same_inputs: bool
    same_output: bool
    shared: int
    first: Side
    second: Side
    steps: tuple[StepDifference, ...]

    @property
    def parted_at(self) -> str:
        """Return the first step that differs, empty when none does."""
        return next((one.step for one in self.steps if one.difference != "same"), "")


def compare(first: Sequence[Event], second: Sequence[Event]) -> ComparisonView:
    """Return the comparison of two logs."""
    one, other = _Half(first), _Half(second)
    names = [*one.view.steps, *(name for name in other.view.steps if name not in one.view.steps)]
    return ComparisonView(
        first_run=one.view.run_id,
        second_run=other.view.run_id,
        same_version=one.view.version == other.view.version,
        same_inputs=_mark(one.view.inputs) == _mark(other.view.inputs),
        same_output=_mark(one.view.output) == _mark(other.view.output),
        shared=_shared(first, second),
        first=one.whole(),
        second=other.whole(),
        steps=tuple(_step(name, one, other) for name in names),
    )


class _Half:
    """One log, folded every way a comparison needs."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.view: RunView = tree(events)
        self.times: ProfileView = profile(events)
        self.outputs: dict[str, dict[str, Digest]] = {}
        for event in events:
            payload = event.payload
            if isinstance(payload, StepSucceeded):
                step = self.outputs.setdefault(addresses.step_of(payload.path), {})
                step[payload.path] = _mark(payload.output)

    def whole(self) -> Side:
        """Return the run as one side."""
        view = self.view
        return Side(view.status.value, view.usd, view.tokens, self.times.seconds)

    def side(self, step: str) -> Side:
        """Return a step as one side; an empty one when the run has no such step."""
        found = self.view.steps.get(step)
        if found is None:
            return Side()
        time = self.times.steps.get(step)
        return Side(found.status.value, found.usd, found.tokens, 0.0 if time is None else time.busy)


def _step(name: str, one: _Half, other: _Half) -> StepDifference:
    first, second = one.side(name), other.side(name)
    mine, theirs = one.outputs.get(name, {}), other.outputs.get(name, {})
    paths = tuple(path for path in {**mine, **theirs} if mine.get(path) != theirs.get(path))
    difference: Difference = "same"
    if not second.status:
        difference = "only_first"
    elif not first.status:
        difference = "only_second"
    elif first.status != second.status:
        difference = "state"
    elif paths:
        difference = "output"
    return StepDifference(step=name, difference=difference, first=first, second=second, paths=paths)


def _shared(first: Sequence[Event], second: Sequence[Event]) -> int:
    count = 0
    for mine, theirs in zip(first, second, strict=False):
        if mine.type != theirs.type or _said(mine) != _said(theirs):
            break
        count += 1
    return count


def _said(event: Event) -> Payload:
    """Return what an event says, without what tells a fork's first event from its original's."""
    payload = event.payload
    if isinstance(payload, RunQueued):
        return msgspec.structs.replace(payload, origin=Origin(), key="")
    return payload


def _mark(packed: Packed) -> Digest:
    """Return what is equal for equal values, small or large."""
    return digest(encode(packed))
