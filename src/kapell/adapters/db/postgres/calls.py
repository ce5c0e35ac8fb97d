"""A batch of decisions as one call of ``kapell_commit``: arrays in, outcomes out."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import asyncpg
import msgspec

from kapell.adapters.db.changes import Changes
from kapell.adapters.db.decisions import Birth, Decision, birth_changes

_PARAMETERS = ", ".join(f"${number}" for number in range(1, 20))
_CALL = f"SELECT stored, outcomes, freed, existing FROM kapell_commit({_PARAMETERS})"  # noqa: S608 - ours
_APPEND_ARRAYS = 14
_EVENT = (
    "tenant", "run", "seq", "id", "type", "version", "at", "correlation", "causation", "actor",
    "payload",
)  # fmt: skip
"""Names of an event's columns. As JSON: the driver looks at each element of an array, which costs
twice what the rest of a call does.
"""

Outcome: TypeAlias = Literal[0, 2, 3, 4]
"""What the function says of an append: 0 good, 2 lost, 3 locked by others, 4 names no run."""


class Verdict(msgspec.Struct):
    """What came of a call. When it is not ``stored``, nothing was written."""

    stored: bool
    outcomes: list[int]
    freed: list[bool]
    existing: list[tuple[int, str, bool]]
    """Of the births, in order: number, the run that is there, whether it was the same request."""


_existing = msgspec.json.Decoder(list[tuple[int, str, bool]])


async def commit(
    connection: asyncpg.Connection, appends: Sequence[Decision], births: Sequence[Birth]
) -> Verdict:
    """Write the appends and births in one transaction of their own, one round trip."""
    row = await connection.fetchrow(_CALL, *_arrays(appends, births))
    existing = row["existing"]
    return Verdict(
        row["stored"],
        row["outcomes"] or [],
        row["freed"] or [],
        [] if existing is None else _existing.decode(existing),
    )


def _arrays(appends: Sequence[Decision], births: Sequence[Birth]) -> list[Any]:
    runs = [_run(one) for one in appends]
    events = [row for birth in births for row in birth.events]
    events += [row for one in appends for row in one.events]
    bodies = {
        (tenant, digest): body
        for tenant, artifacts in _artifacts(appends, births)
        for digest, body in artifacts.items()
    }
    return [
        *_columns(runs, _APPEND_ARRAYS),
        msgspec.json.encode([dict(zip(_EVENT, row, strict=True)) for row in events]).decode(),
        [tenant for tenant, _ in bodies],
        [digest for _, digest in bodies],
        list(bodies.values()),
        _rest(appends, births),
    ]


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _run(one: Decision) -> tuple[Any, ...]:
    append = one.append
    if append is None:
        raise RuntimeError("a start is no append")
    row = append.row
    ended = row.ended_at is not None
    return (
        append.tenant_id, append.run_id, append.worker, append.epoch, append.expected_seq,
        append.expected_seq + len(one.events), row.status.value, row.generation,
        None if ended else row.wake_at, row.ended_at, row.usd, row.tokens, row.error_code,
        append.release or ended,
    )  # fmt: skip


def _artifacts(appends: Sequence[Decision], births: Sequence[Birth]) -> list[Any]:
    found: list[Any] = [(birth.run.tenant_id, birth.run.artifacts) for birth in births]
    for one in appends:
        if one.append is not None and one.append.artifacts:
            found.append((one.append.tenant_id, one.append.artifacts))
    return found


def _rest(appends: Sequence[Decision], births: Sequence[Birth]) -> str | None:
    """Return everything that is not in every append as one JSON text, None without any."""
    rest: dict[str, list[Any]] = {}
    changes = Changes()
    for one in appends:
        if one.changes is not None:
            changes.reserved += one.changes.reserved
            changes.settled += one.changes.settled
            changes.people += one.changes.people
    birth_changes(births, changes)
    if births:
        rest["births"] = [_birth(birth) for birth in births]
    for name in ("reserved", "settled", "people"):
        if rows := getattr(changes, name):
            rest[name] = rows
    posts = [
        (number, post.tenant_id, post.run_id, post.key, post.command, post.actor)
        for number, one in enumerate(appends, start=1)
        for post in one.posts
    ]
    if posts:
        rest["posts"] = posts
    consumed = [
        (one.append.tenant_id, one.append.run_id, number, one.append.expected_seq + len(one.events))
        for one in appends
        if one.append is not None
        for number in one.append.consumed
    ]
    if consumed:
        rest["consumed"] = consumed
    claims = [
        (number, one.append.claims)
        for number, one in enumerate(appends, start=1)
        if one.append is not None and one.append.claims
    ]
    if claims:
        rest["claims"] = claims
    return msgspec.json.encode(rest).decode() if rest else None


def _birth(birth: Birth) -> list[Any]:
    columns = list(birth.columns(0.0))
    # The server's clock says when now is.
    columns[9:12] = birth.run.wake_at, birth.run.created_at, birth.run.updated_at
    return columns
