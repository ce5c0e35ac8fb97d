"""A run as plain lines, for pipes and logs; items are told in sums, not one by one."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from kapell.cli.screen import Screen
from kapell.core.events.envelope import Event
from kapell.core.events.run import RunFailed
from kapell.core.events.step import StepDead, StepSucceeded
from kapell.core.runs.status import StepStatus
from kapell.kit.clock import span_text
from kapell.projections import addresses
from kapell.projections.timeline import Line, line_of
from kapell.projections.tree import RunView


class PlainLines:
    """Writes a line for what matters to whoever watches.

    Args:
        screen: Where.
        seen: The number of the last event that is not news any more.
    """

    def __init__(self, screen: Screen, seen: int = 0) -> None:
        self._screen = screen
        self._seen = seen

    def __call__(self, view: RunView, events: Sequence[Event]) -> None:
        """Write the lines of new events."""
        new = [event for event in events if event.seq > self._seen]
        told = [_shown(event, new) for event in new]
        lines = [(event, line) for event, line in zip(new, told, strict=True) if _matters(line)]
        for _, group in groupby(lines, key=lambda one: _like(one[1])):
            (event, line), *more = group
            count = f" ({len(more)} more like it)" if more else ""
            self._screen.say(text_of(line, view.created_at) + _sums(view, event) + count)


def _shown(event: Event, beside: Sequence[Event]) -> Line:
    """Return the line of an event; what the run's ending tells at once is not told twice."""
    line, payload = line_of(event), event.payload
    if isinstance(payload, RunFailed):
        return msgspec.structs.replace(line, weight="detail")
    if isinstance(payload, StepDead) and any(
        isinstance(one.payload, RunFailed) and one.payload.failure.code == payload.failure.code
        for one in beside
    ):
        return msgspec.structs.replace(line, text="dead letter")
    return line


def _matters(line: Line) -> bool:
    return line.weight == "trouble" or (line.weight == "news" and not _inner(line))


def _like(line: Line) -> tuple[str, str]:
    """Return what items of one step share that came to the same trouble; other lines nothing."""
    step = addresses.step_of(line.path)
    return (step, line.text) if line.weight == "trouble" and _inner(line) else ("", str(line.seq))


def text_of(line: Line, since: float) -> str:
    """Return a line with the time since the run was queued."""
    path = f"{line.path}: " if line.path else ""
    return f"{span_text(max(0.0, line.at - since)):>8}  {path}{line.text}"


def _inner(line: Line) -> bool:
    """Tell whether a line is about one item of many, which would drown the others."""
    return "[" in line.path


def _sums(view: RunView, event: Event) -> str:
    payload = event.payload
    if not isinstance(payload, StepSucceeded):
        return ""
    step = view.steps.get(payload.path)
    if step is None or not step.fanned:
        return ""
    counts = [f"{n} {state.value}" for state, n in step.ended.items() if n]
    if step.ended.get(StepStatus.SUCCEEDED) == step.total:
        return f", {step.total} items"
    return f", {step.total} items: {', '.join(counts)}" if counts else ""
