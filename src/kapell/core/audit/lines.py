"""Entries as lines of JSON, which can be verified without the database, and back."""

from typing import cast

import msgspec

from kapell.core.audit.record import Act, Detail, Entry
from kapell.kit.clock import instant_text
from kapell.kit.errors import Invalid
from kapell.kit.ids import TenantId
from kapell.kit.json import Digest, Json, encode


class _Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A line as it is written; ``time`` is ``at`` for people."""

    tenant: str
    seq: int
    time: str
    at: float
    actor: str
    action: str
    target: str
    verdict: str
    subject: str
    whence: str
    run: str
    path: str
    details: dict[str, Detail]
    number: int
    event: str
    position: int
    log: str
    previous: str
    hash: str


_decoder = msgspec.json.Decoder(_Line)


def line_of(entry: Entry) -> dict[str, Json]:
    """Return an entry as the object of its line."""
    act = entry.act
    line = _Line(
        tenant=entry.tenant_id,
        seq=entry.seq,
        time=instant_text(act.at),
        at=act.at,
        actor=act.actor,
        action=act.action,
        target=act.target,
        verdict=act.verdict,
        subject=act.subject,
        whence=act.whence,
        run=act.run_id,
        path=act.path,
        details=dict(act.details),
        number=act.number,
        event=act.event,
        position=entry.position,
        log=entry.log,
        previous=entry.previous,
        hash=entry.hash,
    )
    return cast("dict[str, Json]", msgspec.to_builtins(line))


def entry_of(text: str | bytes, number: int) -> Entry:
    """Return the entry of a line.

    Raises:
        Invalid: ``audit_line_broken``.
    """
    try:
        line = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(
            f"Line {number} is not an entry of an audit record.",
            code="audit_line_broken",
            advice="Give a file that `kapell audit export` wrote.",
        ) from error
    act = Act(
        at=line.at,
        actor=line.actor,
        action=line.action,
        target=line.target,
        verdict=line.verdict,
        subject=line.subject,
        whence=line.whence,
        run_id=line.run,
        path=line.path,
        details=line.details,
        number=line.number,
        event=Digest(line.event),
    )
    return Entry(
        tenant_id=TenantId(line.tenant),
        seq=line.seq,
        act=act,
        position=line.position,
        log=Digest(line.log),
        previous=Digest(line.previous),
        hash=Digest(line.hash),
    )


def text_of(entry: Entry) -> str:
    """Return the line of an entry."""
    return encode(line_of(entry)).decode()
