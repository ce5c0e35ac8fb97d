"""Chains as short as a test wants to write them."""

from collections.abc import Sequence

from kapell.core.audit.deriving import Deriving
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Act, Entry, Head, chained, event_digest
from kapell.core.events.codec import VERSION, dump, type_of
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.run import RunStarted
from kapell.core.events.tool import ToolRequested
from kapell.core.events.value import Inline
from kapell.kit.ids import EventId, RunId, TenantId

T = TenantId("acme")


def event(number: int, payload: Payload | None = None, cause: str = "", actor: str = "") -> Event:
    """Return an event of one run."""
    payload = payload or RunStarted()
    return Event(
        id=EventId(f"e{number}"),
        run_id=RunId("run"),
        seq=number,
        type=type_of(payload),
        version=VERSION,
        at=1000.0 + number,
        tenant_id=T,
        correlation_id="run",
        causation_id=cause,
        actor=actor or "worker:mill-7-abc",
        payload=payload,
    )


def row(event: Event) -> LogRow:
    """Return an event as the log has it; its position is its number."""
    digest = event_digest([event.id, event.seq, event.actor, dump(event.payload)])
    return LogRow(event.seq, T, event.run_id, event.seq, digest, event)


def requested(number: int) -> Event:
    """Return an event that has an entry of its own."""
    return event(
        number,
        ToolRequested(call=f"a#1/{number}", path="a", tool="t", args=Inline("secret"), key="k"),
    )


def record(kinds: Sequence[bool]) -> tuple[list[Entry], list[LogRow]]:
    """Return a record of events, those marked with an entry of their own, and the log.

    An act outside of runs stands at its end.
    """
    rows = [
        row(requested(number) if own else event(number))
        for number, own in enumerate(kinds, start=1)
    ]
    deriving = Deriving({T: Head()}, {}, str, 5.0)
    middle = len(rows) // 2
    deriving.take(rows[:middle])
    deriving.take(rows[middle:])
    act = Act(at=9.0, actor="user:ann", action="key.read", target="A")
    return [*deriving.entries, chained(T, deriving.heads[T], act)], rows
