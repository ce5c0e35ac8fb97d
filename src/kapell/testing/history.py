"""Stored histories: a run as some release recorded it, and what it must still come to."""

from collections.abc import Mapping

import msgspec

from kapell.core.events.codec import UPCASTS, Upcast, load
from kapell.core.events.envelope import Event
from kapell.core.runs.fold import fold
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.workflows.version import Version
from kapell.kit.ids import LOCAL, EventId, RunId
from kapell.kit.json import Json, decode, encode


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a log keeps it: ``payload`` is text."""

    seq: int
    type: str
    version: int
    at: float
    payload: str


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A version, a run's events and the summary of their fold, all as they were written."""

    version: Version
    events: tuple[StoredEvent, ...]
    summary: Json

    def folded(self, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> State:
        """Return the state that today's code makes of it."""
        return fold(Program(self.version), [_event(one, upcasts) for one in self.events])


def _event(stored: StoredEvent, upcasts: Mapping[tuple[str, int], Upcast]) -> Event:
    return Event(
        id=EventId(str(stored.seq)),
        run_id=RunId("r1"),
        seq=stored.seq,
        type=stored.type,
        version=stored.version,
        at=stored.at,
        tenant_id=LOCAL,
        correlation_id="r1",
        causation_id="",
        actor="worker:w",
        payload=load(stored.type, stored.version, stored.payload, upcasts),
    )


def summary(state: State) -> Json:
    """Return what users see of a folded run: how it stands, its output, its steps, its costs."""
    return {
        "status": str(state.status),
        "generation": state.generation,
        "output": _plain(state.output),
        "failure": state.failure.code if state.failure else None,
        "steps": {
            run.path: {
                "status": str(run.status),
                "attempt": run.attempt,
                "output": _plain(run.output),
                "waits": run.waits,
            }
            for run in state.steps.values()
        },
        "dead": list(state.dead),
        "undo": [entry.path for entry in state.undo],
        "undone": state.undone,
        "usd": state.usd,
        "tokens": state.tokens,
        "reserved": {path: meter.reserved_usd for path, meter in state.meters.items()},
        "signals": [held.name for held in state.signals],
        "ended": state.ended_at is not None,
    }


def _plain(value: object) -> Json:
    return decode(encode(value))
