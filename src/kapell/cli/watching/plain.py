"""A run as plain lines, for pipes and logs; items are told in sums, not one by one."""

from collections.abc import Sequence

from kapell.cli.screen import Screen
from kapell.core.events.envelope import Event
from kapell.core.events.step import StepSucceeded
from kapell.core.runs.status import StepStatus
from kapell.kit.clock import span_text
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
        for event in events:
            if event.seq <= self._seen:
                continue
            line = line_of(event)
            if line.weight == "detail" or (line.weight == "news" and _inner(line)):
                continue
            self._screen.say(text_of(line, view.created_at) + _sums(view, event))


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
