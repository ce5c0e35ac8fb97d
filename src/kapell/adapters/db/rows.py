"""Shared types to columns and back; every text that enters a store passes here."""

from collections.abc import Sequence

import msgspec

from kapell.core.events.codec import dump, load
from kapell.core.events.envelope import Event
from kapell.core.runs.commands import Command
from kapell.kit.errors import Bug
from kapell.kit.ids import EventId, RunId, TenantId
from kapell.kit.json import encode
from kapell.kit.text import checked
from kapell.services.runs.ports import InboxMessage

EVENT_COLUMNS = (
    "tenant_id, run_id, seq, id, type, version, at, correlation_id, causation_id, actor, payload"
)
EventRow = tuple[str, str, int, str, str, int, float, str, str, str, str]

_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def event_rows(
    tenant_id: TenantId, run_id: RunId, after: int, events: Sequence[Event]
) -> list[EventRow]:
    """Return the columns of a decision's events, each encoded once.

    Raises:
        Bug: ``events_not_dense`` when they do not continue the log of that run.
        Invalid: when one cannot be stored.
    """
    rows: list[EventRow] = []
    for event in events:
        after += 1
        if event.seq != after or event.run_id != run_id or event.tenant_id != tenant_id:
            raise Bug(
                f"Event {event.seq} of run {event.run_id} is not number {after} of run {run_id}.",
                code="events_not_dense",
            )
        checked(event.id, event.correlation_id, event.causation_id, event.actor)
        rows.append(
            (
                tenant_id,
                run_id,
                after,
                event.id,
                event.type,
                event.version,
                event.at,
                event.correlation_id,
                event.causation_id,
                event.actor,
                dump(event.payload),
            )
        )
    return rows


def event(row: EventRow) -> Event:
    """Return the event of a row in the order of ``EVENT_COLUMNS``."""
    tenant_id, run_id, seq, id_, kind, version, at, correlation, causation, actor, payload = row
    return Event(
        id=EventId(id_),
        run_id=RunId(run_id),
        seq=seq,
        type=kind,
        version=version,
        at=at,
        tenant_id=TenantId(tenant_id),
        correlation_id=correlation,
        causation_id=causation,
        actor=actor,
        payload=load(kind, version, payload),
    )


def command_text(command: Command) -> str:
    """Return a command as canonical JSON text."""
    return encode(command).decode()


def inbox_message(row: Sequence[object]) -> InboxMessage:
    """Return the message of a row ``number, run_id, key, command, actor, at``."""
    number, run_id, key, command, actor, at = row
    return InboxMessage(
        number=whole(number),
        run_id=RunId(text(run_id)),
        key=text(key),
        command=_commands.decode(text(command)),
        actor=text(actor),
        at=time(at),
    )


def text(value: object) -> str:
    """Return a column that holds text."""
    return value if isinstance(value, str) else str(value)


def text_or_none(value: object) -> str | None:
    """Return a column that may hold text."""
    return None if value is None else text(value)


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(text(item) for item in value) if isinstance(value, list) else ()


def whole(value: object) -> int:
    """Return a column that holds a whole number."""
    return value if isinstance(value, int) else int(text(value))


def time(value: object) -> float:
    """Return a column that holds an instant."""
    return value if isinstance(value, float) else float(text(value))


def time_or_none(value: object) -> float | None:
    """Return a column that may hold an instant."""
    return None if value is None else time(value)
