"""An entry of the audit record, and the hash that ties it to all entries before it.

Every entry also holds how far the log had been read when it was made and a running digest of all
that was read, so that events which have no entry of their own cannot be changed unseen either.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from kapell.kit.ids import TenantId
from kapell.kit.json import Digest, digest, encode

Detail: TypeAlias = str | int | float | bool

BEGINNING = Digest("0" * 64)
"""What stands before the first entry, and before the first event."""


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did what to what, when, from where, with which verdict.

    Names, codes, digests and counts only: never arguments, results, texts or keys. ``subject`` is
    for whom it was done (who started the run). ``whence`` is the machine or channel, as far as it
    is known. ``event`` is the digest of the event it was derived from, ``number`` that event's
    place in its run; an act outside of runs has neither.
    """

    at: float
    actor: str
    action: str
    target: str = ""
    verdict: str = ""
    subject: str = ""
    whence: str = ""
    run_id: str = ""
    path: str = ""
    details: Mapping[str, Detail] = {}
    number: int = 0
    event: Digest = Digest("")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An act in the chain of its tenant; ``seq`` is dense and counts from 1.

    ``position`` is the position up to which the tenant's log had been read, ``log`` the running
    digest of what was read. ``previous`` is the hash of the entry before.
    """

    tenant_id: TenantId
    seq: int
    act: Act
    position: int
    log: Digest
    previous: Digest
    hash: Digest


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the next entry is tied to."""

    seq: int = 0
    hash: Digest = BEGINNING
    position: int = 0
    log: Digest = BEGINNING


def hash_of(entry: Entry) -> Digest:
    """Return the hash an entry has to have."""
    return _hash(entry.tenant_id, entry.seq, entry.act, entry.position, entry.log, entry.previous)


def _hash(*tied: str | int | Act) -> Digest:
    return digest(encode(tied))


def head_of(entry: Entry) -> Head:
    """Return the head of a chain that ends with an entry."""
    return Head(seq=entry.seq, hash=entry.hash, position=entry.position, log=entry.log)


def chained(
    tenant_id: TenantId,
    head: Head,
    act: Act,
    position: int | None = None,
    log: Digest | None = None,
) -> Entry:
    """Return the entry of an act that follows a head; it has read no further unless told so."""
    seq = head.seq + 1
    position = head.position if position is None else position
    log = head.log if log is None else log
    return Entry(
        tenant_id=tenant_id,
        seq=seq,
        act=act,
        position=position,
        log=log,
        previous=head.hash,
        hash=_hash(tenant_id, seq, act, position, log, head.hash),
    )


def event_digest(columns: Sequence[str | int | float]) -> Digest:
    """Return the digest of an event by the columns it is stored in, its position left out.

    They are digested as a list of JSON, so that no two rows give the same text.
    """
    return digest(msgspec.json.encode(columns))


def running(log: Digest, event: Digest) -> Digest:
    """Return the running digest after one more event."""
    return digest(f"{log}{event}".encode())


def running_all(log: Digest, events: Iterable[Digest]) -> Digest:
    """Return the running digest after some more events."""
    for event in events:
        log = running(log, event)
    return log
