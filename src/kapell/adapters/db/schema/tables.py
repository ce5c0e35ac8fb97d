"""The tables as SQLAlchemy metadata: what migrations must end at, and the map for readers of code.

Only migrations, checks and tests import this module; the stores speak hand-written SQL. Keys begin
with ``tenant_id``, so that Postgres can distribute the tables by tenant. SQLite orders events and
inbox by their number instead: there, appending to the end of one tree is what makes commits fast.
"""

from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Column, Index

Dialect: TypeAlias = Literal["sqlite", "postgresql"]


def metadata(dialect: Dialect) -> sa.MetaData:
    """Return all tables as they are on that database."""
    meta = sa.MetaData()
    _runs(meta)
    _events(meta, dialect)
    _inbox(meta, dialect)
    _contents(meta)
    _money(meta)
    _secrets(meta)
    _pseudonyms(meta)
    _people(meta)
    _audit(meta)
    _keepers(meta)
    _deployments(meta)
    return meta


def _key(*names: str) -> list[Column[str]]:
    return [Column(name, sa.Text, primary_key=True, nullable=False) for name in names]


def _text(*names: str) -> list[Column[str]]:
    return [Column(name, sa.Text, nullable=False) for name in names]


def _number(*names: str) -> list[Column[int]]:
    return [Column(name, sa.BigInteger, nullable=False) for name in names]


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, sa.Double, nullable=nullable)


def _runs(meta: sa.MetaData) -> None:
    """The run's row is its queue entry: free and due is ``owner`` null and ``wake_at`` past."""
    table = sa.Table(
        "runs",
        meta,
        *_key("tenant_id", "run_id"),
        *_text("workflow", "version", "status"),
        *_number("seq", "generation", "epoch", "claims", "priority", "log_format"),
        Column("owner", sa.Text),
        _time("claimed_at", nullable=True),
        _time("wake_at", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        _time("ended_at", nullable=True),
        *_number("usd", "tokens"),
        *_text("error_code", "key", "fingerprint"),
        Column("parent_run", sa.Text),
        *_text("parent_path"),
        Column("forked_from", sa.Text),
        *_text("guards"),
    )
    keyed = sa.text("key <> ''")
    Index(
        "runs_key", table.c.tenant_id, table.c.key, unique=True,
        sqlite_where=keyed, postgresql_where=keyed,
    )  # fmt: skip
    free = sa.text("owner IS NULL AND wake_at IS NOT NULL")
    Index(
        "runs_due", table.c.tenant_id, table.c.workflow, table.c.priority, table.c.wake_at,
        sqlite_where=free, postgresql_where=free,
    )  # fmt: skip
    Index("runs_wake", table.c.wake_at, sqlite_where=free, postgresql_where=free)
    owned = sa.text("owner IS NOT NULL")
    Index(
        "runs_owned", table.c.owner, table.c.workflow,
        sqlite_where=owned, postgresql_where=owned,
    )  # fmt: skip
    Index("runs_status", table.c.tenant_id, table.c.status, table.c.run_id)


def _events(meta: sa.MetaData, dialect: Dialect) -> None:
    """The log; ``position`` orders the events of all runs."""
    first = dialect == "sqlite"
    table = sa.Table(
        "events",
        meta,
        Column(
            "position", sa.Integer if first else sa.BigInteger, primary_key=first, nullable=False,
            autoincrement=False,
        ),
        Column("tenant_id", sa.Text, primary_key=not first, nullable=False),
        Column("run_id", sa.Text, primary_key=not first, nullable=False),
        Column("seq", sa.BigInteger, primary_key=not first, nullable=False, autoincrement=False),
        *_text("id", "type"),
        *_number("version"),
        _time("at"),
        *_text("correlation_id", "causation_id", "actor", "payload"),
    )  # fmt: skip
    if first:
        Index("events_run", table.c.tenant_id, table.c.run_id, table.c.seq, unique=True)
    else:
        Index("events_position", table.c.position, unique=True)


def _inbox(meta: sa.MetaData, dialect: Dialect) -> None:
    """Commands for runs; consumed ones stay, so that their keys are remembered."""
    first = dialect == "sqlite"
    table = sa.Table(
        "inbox",
        meta,
        Column("number", sa.Integer, primary_key=True, nullable=False, autoincrement=False)
        if first
        else Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        Column("tenant_id", sa.Text, primary_key=not first, nullable=False),
        Column("run_id", sa.Text, primary_key=not first, nullable=False),
        Column("key", sa.Text, primary_key=not first, nullable=False),
        *_text("command", "actor"),
        _time("at"),
        Column("consumed", sa.BigInteger),
    )  # fmt: skip
    if first:
        Index("inbox_key", table.c.tenant_id, table.c.run_id, table.c.key, unique=True)
    is_open = sa.text("consumed IS NULL")
    Index(
        "inbox_open", table.c.tenant_id, table.c.run_id, table.c.number,
        sqlite_where=is_open, postgresql_where=is_open,
    )  # fmt: skip


def _contents(meta: sa.MetaData) -> None:
    """Bytes: compiled versions, artifacts, snapshots, cached results."""
    blob = sa.LargeBinary
    sa.Table(
        "versions", meta, *_key("tenant_id", "version"), *_text("name"),
        Column("body", blob, nullable=False), _time("created_at"),
    )  # fmt: skip
    sa.Table(
        "artifacts", meta, *_key("tenant_id", "digest"), *_number("size"),
        Column("body", blob, nullable=False), _time("created_at"),
    )  # fmt: skip
    sa.Table(
        "snapshots", meta, *_key("tenant_id", "run_id", "fold"), *_number("seq"),
        Column("body", blob, nullable=False),
    )  # fmt: skip
    sa.Table(
        "results", meta, *_key("tenant_id", "key"), Column("body", blob, nullable=False),
        _time("expires_at"),
    )  # fmt: skip


def _money(meta: sa.MetaData) -> None:
    """One row per model call: what is reserved, was predicted and was used; counts of quotas."""
    table = sa.Table(
        "ledger",
        meta,
        *_key("tenant_id", "run_id", "call"),
        *_text("path", "step", "agent", "provider", "model", "state"),
        *_number("reserved", "reserved_tokens", "usd", "input_tokens", "output_tokens"),
        *_number("size", "predicted", "predicted_input", "predicted_output"),
        Column("answered_by", sa.Text),
        _time("at"),
        _time("settled_at", nullable=True),
    )
    Index("ledger_at", table.c.tenant_id, table.c.at)
    sa.Table(
        "counts",
        meta,
        *_key("tenant_id", "scope"),
        Column("lasts", sa.Double, primary_key=True, nullable=False),
        Column("begins", sa.Double, primary_key=True, nullable=False),
        *_number("calls", "tokens", "usd"),
    )


def _secrets(meta: sa.MetaData) -> None:
    """Keys of providers, sealed, and every use that was made of them."""
    sa.Table(
        "keys", meta, *_key("tenant_id", "name"),
        Column("version", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        *_text("body", "master"), _time("created_at"),
    )  # fmt: skip
    sa.Table(
        "key_uses", meta, *_key("tenant_id", "id"), *_text("name"), *_number("version"),
        *_text("action", "actor", "reason"), _time("at"),
    )  # fmt: skip


def _pseudonyms(meta: sa.MetaData) -> None:
    """Names that stand for personal data in conversations; the data lies sealed."""
    table = sa.Table(
        "pseudonyms", meta, *_key("tenant_id", "conversation", "kind"),
        Column("number", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        *_text("mark", "body", "master"), _time("expires_at"),
    )  # fmt: skip
    Index("pseudonyms_mark", table.c.tenant_id, table.c.conversation, table.c.mark, unique=True)
    Index("pseudonyms_expires", table.c.expires_at)


def _audit(meta: sa.MetaData) -> None:
    """Who did what: added to only, triggers refuse anything else."""
    table = sa.Table(
        "audit",
        meta,
        *_key("tenant_id"),
        Column("seq", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        _time("at"),
        *_text("actor", "action", "target", "verdict", "subject", "whence", "run_id", "path"),
        *_text("details"),
        *_number("number"),
        *_text("event"),
        *_number("position"),
        *_text("log", "previous", "hash"),
    )
    Index("audit_run", table.c.tenant_id, table.c.run_id, table.c.seq)
    Index("audit_action", table.c.tenant_id, table.c.action, table.c.seq)


def _people(meta: sa.MetaData) -> None:
    """What waits for people: approvals and dead letters."""
    place = [Column("at", sa.Double, primary_key=True, nullable=False)]
    table = sa.Table(
        "approvals",
        meta,
        *_key("tenant_id", "run_id", "path"),
        *place,
        *_text("title", "data", "edit"),
        _time("expires", nullable=True),
        Column("answer", sa.Text),
        *_text("answered_by"),
        _time("closed_at", nullable=True),
        *_text("step", "details", "standing"),
    )
    is_open = sa.text("closed_at IS NULL")
    Index(
        "approvals_open", table.c.tenant_id, table.c.at,
        sqlite_where=is_open, postgresql_where=is_open,
    )  # fmt: skip
    table = sa.Table(
        "dead_letters",
        meta,
        *_key("tenant_id", "run_id", "path"),
        Column("at", sa.Double, primary_key=True, nullable=False),
        *_text("stage", "code", "message", "failure"),
        *_number("attempts"),
        _time("closed_at", nullable=True),
    )
    Index(
        "dead_letters_open", table.c.tenant_id, table.c.at,
        sqlite_where=is_open, postgresql_where=is_open,
    )  # fmt: skip


def _keepers(meta: sa.MetaData) -> None:
    """Workers with their leases, and how far subscribers have read."""
    sa.Table(
        "workers", meta, *_key("worker_id"), _time("lease_until"), _time("since"),
    )  # fmt: skip
    sa.Table("cursors", meta, *_key("subscriber"), *_number("position"))


def _deployments(meta: sa.MetaData) -> None:
    """How deployments of models are, and what each did in the minutes of the last hour."""
    sa.Table(
        "deployments", meta, *_key("tenant_id", "name"), *_text("state"), _time("updated_at"),
    )  # fmt: skip
    sa.Table(
        "deployment_minutes",
        meta,
        *_key("tenant_id", "name"),
        Column("minute", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        *_number("answered", "failed", "limited"),
        _time("seconds"),
        _time("slowest"),
    )
