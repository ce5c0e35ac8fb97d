"""What an export may hold: whoever edited it must reach nothing, and spoil nothing, with it."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.run import Origin, RunQueued
from kapell.core.events.tool import FileChange
from kapell.core.events.value import ArtifactRef, Inline
from kapell.core.runs import paths
from kapell.core.runs.rows import RowChange, RunRow
from kapell.core.runs.state import State
from kapell.kit.clock import LATEST
from kapell.kit.errors import Invalid
from kapell.kit.ids import child_id, is_id
from kapell.kit.json import encode
from kapell.services.runs.porting.artifacts import parts

_INSTANTS = frozenset({"at", "until", "expires", "scheduled_for", "ended_at", "wake_at"})
_LARGEST = (1 << 63) - 1
_MOST = 10**15
"""Nano-dollars (a million dollars) and tokens of one run: sums over thousands still fit 64 bits."""


def broken(why: str) -> Invalid:
    """Return the error of a file that cannot be taken in."""
    return Invalid(
        f"The file is not a whole export of a run: {why}.",
        code="export_broken",
        advice="Export the run again with 'kapell runs export'.",
    )


def check_events(events: Sequence[Event], present: Collection[str]) -> None:
    """Refuse events that no run of ours has.

    Raises:
        Invalid: ``export_broken``.
    """
    for number, event in enumerate(events, 1):
        if event.seq != number or not 0 <= event.at <= LATEST:
            raise broken("an event has no number or time that a log has")
        if not is_id(event.correlation_id):
            raise broken(_NO_ID)
        if isinstance(event.payload, RunQueued) and number > 1:
            raise broken("it is queued twice")
        for one in parts(event.payload):
            _check(one, present)
        encode(event)  # refuses characters that a store refuses


def check_rows(state: State, row: RunRow, changes: Sequence[RowChange]) -> None:
    """Refuse what a run spent when no run can, and children that are not its own.

    Raises:
        Invalid: ``export_broken``.
    """
    for one in (row, *changes):
        for name, value in _numbers(one):
            most = LATEST if name in _INSTANTS else _MOST
            if not 0 <= value <= most:
                raise broken(_NO_NUMBER)
    for child in state.children.values():
        run = state.steps.get(child.path)
        where = child.call
        if not where:
            where = child.path if run is None else paths.attempt(child.path, run.attempt)
        if child.run_id != child_id(state.run_id, where):
            raise broken("it holds a child run that is not its own")


_NO_ID = "it names a run by what is no id"
_NO_NUMBER = "it holds a number out of its range"


def _check(one: msgspec.Struct, present: Collection[str]) -> None:
    if isinstance(one, Inline):
        return
    if isinstance(one, ArtifactRef) and one.digest not in present:
        raise broken("an artifact is missing")
    if isinstance(one, FileChange):
        if not _inside(one.path):
            raise broken("it holds a file outside of the run's folder")
        if one.digest is not None and one.digest not in present:
            raise broken("an artifact is missing")
    run_id = getattr(one, "run_id", None)
    started = isinstance(one, Origin) and one.kind == "start" and run_id == ""
    if run_id is not None and not started and not is_id(run_id):
        raise broken(_NO_ID)
    for name, value in _numbers(one):
        if name in _INSTANTS:
            fits = 0 <= value <= LATEST
        else:
            least = 0 if isinstance(value, int) and name != "priority" else -_LARGEST
            fits = least <= value <= _LARGEST
        if not fits:
            raise broken(_NO_NUMBER)


def _inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in path.split("/")


def _numbers(one: msgspec.Struct) -> Iterator[tuple[str, float]]:
    for name in one.__struct_fields__:
        value = getattr(one, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, value
