"""Putting facts into envelopes: ids, sequence numbers, who and why."""

from collections.abc import Sequence

from kapell.core.events.codec import VERSION, type_of
from kapell.core.events.envelope import Event, Payload
from kapell.kit.ids import EventId, RunId, TenantId


def enveloped(
    payloads: Sequence[Payload],
    *,
    tenant_id: TenantId,
    run_id: RunId,
    after: int,
    at: float,
    correlation_id: str,
    causation_id: str,
    actor: str,
    nonce: str,
) -> tuple[Event, ...]:
    """Return the payloads as events that follow sequence number ``after``.

    Ids are ``nonce`` and the sequence number: an append that is repeated after a lost answer has
    the same ids, another append never has.
    """
    return tuple(
        Event(
            id=EventId(f"{nonce}-{seq}"),
            run_id=run_id,
            seq=seq,
            type=type_of(payload),
            version=VERSION,
            at=at,
            tenant_id=tenant_id,
            correlation_id=correlation_id,
            causation_id=causation_id,
            actor=actor,
            payload=payload,
        )
        for seq, payload in enumerate(payloads, after + 1)
    )


def for_whom(queued: Event, subject: str) -> str:
    """Return what a copy of a run's first event says of whom it acts for: whoever made the copy.

    Empty where that is who wrote the event, as in a run that is no copy.
    """
    return "" if subject == queued.actor else subject
