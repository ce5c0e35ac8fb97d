"""What a fork would do again: calls that must not be repeated, and runs of its own it began."""

from collections.abc import Iterator, Sequence

from kapell.core.events.envelope import Payload
from kapell.core.events.signal import ChildStarted
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.state import State
from kapell.core.runs.status import STEP_ENDED

External = ToolRequested | ChildStarted
"""What may have changed something outside: a call that must not be repeated, or a child run."""


def external(events: Sequence[Payload]) -> Iterator[tuple[int, External]]:
    """Yield what may have taken effect outside, with its place among the events.

    A call that was held, or is known to have failed, did not; one without a result may have.
    """
    failed = {e.call for e in events if isinstance(e, ToolFailed) and not e.unknown}
    failed |= {e.call for e in events if isinstance(e, ToolHeld)}
    for number, event in enumerate(events):
        if isinstance(event, ToolRequested) and (event.repeatable or event.call in failed):
            continue
        if isinstance(event, External):
            yield number, event


def repeated(events: Sequence[Payload], kept: int, fork: State) -> Iterator[External]:
    """Yield what a fork that keeps the first ``kept`` events does again.

    ``fork`` is the state it begins with: what was open, dead or of unknown outcome begins anew.
    """
    for number, event in external(events):
        if number >= kept or _begins_anew(fork, event.path):
            yield event


def _begins_anew(fork: State, path: str) -> bool:
    run = fork.steps.get(path)
    if run is not None:
        return run.status not in STEP_ENDED
    at = path
    while at and at not in fork.steps:
        if tree.has_room(fork, at):
            return True
        at = paths.around(at)
    return False  # what holds it is over, or goes on without it
