"""A decision as columns: encoded once, in the caller's turn, where a bad one fails alone."""

from collections.abc import Mapping, Sequence

import msgspec

from kapell.adapters.db.changes import Changes
from kapell.adapters.db.rows import EventRow, command_text, event_rows
from kapell.core.events.codec import VERSION
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest
from kapell.kit.text import checked
from kapell.services.runs.ports import Append, Message, NewRun

RUN_COLUMNS = (
    "tenant_id, run_id, workflow, version, status, seq, generation, priority, log_format, wake_at, "
    "created_at, updated_at, ended_at, usd, tokens, error_code, key, fingerprint, parent_run, "
    "parent_path, forked_from, owner, claimed_at, epoch, claims, guards"
)
"""The columns of ``Birth.columns``, in its order."""


class Birth(msgspec.Struct):
    """A new run in columns. What it says of time is kept; without, it is the store's now."""

    run: NewRun
    events: list[EventRow]

    def columns(self, now: float) -> tuple[str | int | float | None, ...]:
        """Return the run's row in the order of ``RUN_COLUMNS``."""
        run, row = self.run, self.run.row
        wake_at = None if row.ended_at is not None else run.wake_at
        if wake_at is None and row.ended_at is None:
            wake_at = now
        return (
            run.tenant_id, run.run_id, run.workflow, run.version, row.status.value,
            len(self.events), row.generation, run.priority, VERSION, wake_at,
            now if run.created_at is None else run.created_at,
            now if run.updated_at is None else run.updated_at,
            row.ended_at, row.usd, row.tokens, row.error_code, run.key, run.fingerprint,
            run.parent_run, run.parent_path, run.forked_from,
            None if row.ended_at is not None else run.owner, now, 0 if run.owner is None else 1, 0,
            run.guards,
        )  # fmt: skip


class Post(msgspec.Struct):
    """A message in columns."""

    tenant_id: TenantId
    run_id: RunId
    key: str
    command: str
    actor: str


class Decision(msgspec.Struct):
    """An append, or the start of runs (``append`` None), in columns."""

    append: Append | None
    events: list[EventRow]
    changes: Changes | None
    births: list[Birth]
    posts: list[Post]

    def artifacts(self) -> list[tuple[TenantId, Mapping[Digest, bytes]]]:
        """Return the bytes that come along, by tenant."""
        found = [(birth.run.tenant_id, birth.run.artifacts) for birth in self.births]
        if self.append is not None and self.append.artifacts:
            found.append((self.append.tenant_id, self.append.artifacts))
        return found


def decision(append: Append) -> Decision:
    """Return an append in columns.

    Raises:
        KapellError: when something in it cannot be stored.
    """
    changes = None
    if append.changes:
        changes = Changes()
        changes.add(append.tenant_id, append.run_id, append.changes)
    return Decision(
        append,
        event_rows(append.tenant_id, append.run_id, append.expected_seq, append.events),
        changes,
        [birth(run) for run in append.starts],
        [post(message) for message in append.messages],
    )


def beginning(runs: Sequence[NewRun]) -> Decision:
    """Return the start of runs in columns.

    Raises:
        KapellError: when something in it cannot be stored.
    """
    return Decision(None, [], None, [birth(run) for run in runs], [])


def birth(run: NewRun) -> Birth:
    """Return a new run in columns."""
    checked(run.tenant_id, run.run_id, run.workflow, run.key, run.fingerprint, run.parent_path)
    return Birth(run, event_rows(run.tenant_id, run.run_id, 0, run.events))


def post(message: Message) -> Post:
    """Return a message in columns."""
    checked(message.tenant_id, message.run_id, message.key, message.actor)
    return Post(
        message.tenant_id,
        message.run_id,
        message.key,
        command_text(message.command),
        message.actor,
    )


def birth_changes(born: Sequence[Birth], changes: Changes) -> None:
    """Add the row changes of new runs."""
    for one in born:
        if one.run.changes:
            changes.add(one.run.tenant_id, one.run.run_id, one.run.changes)
