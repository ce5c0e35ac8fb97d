"""What a store consists of, and the one factory that chooses the database by its address."""

from typing import Literal, Protocol, TypeAlias

from kapell.kit.errors import Invalid
from kapell.services.audit.ports import AuditStore
from kapell.services.gateway.counts import Counts
from kapell.services.gateway.routing.ports import HealthStore
from kapell.services.guardrails.ports import PseudonymStore
from kapell.services.runs.ports import (
    ArtifactStore,
    CachedResults,
    Doorbell,
    RunLog,
    RunReader,
    RunStarts,
)
from kapell.services.vault.ports import KeyStore

Durability: TypeAlias = Literal["full", "normal"]
"""``full``: a power cut loses nothing. ``normal``: it may lose the last moments (SQLite only)."""


class Store(Protocol):
    """All ports of the run services on one database."""

    @property
    def log(self) -> RunLog:
        """Appends and ownership."""
        ...

    @property
    def starts(self) -> RunStarts:
        """New runs and messages."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Large values."""
        ...

    @property
    def results(self) -> CachedResults:
        """Cached step results."""
        ...

    @property
    def deployments(self) -> HealthStore:
        """How deployments of models are."""
        ...

    @property
    def counts(self) -> Counts:
        """What quotas count."""
        ...

    @property
    def keys(self) -> KeyStore:
        """Sealed keys and their uses."""
        ...

    @property
    def pseudonyms(self) -> PseudonymStore:
        """Names that stand for personal data."""
        ...

    @property
    def audit(self) -> AuditStore:
        """The audit record."""
        ...

    @property
    def reader(self) -> RunReader:
        """Reads without ownership."""
        ...

    @property
    def doorbell(self) -> Doorbell:
        """Hints that something may be due."""
        ...

    async def open(self) -> None:
        """Connect, check the schema's version; a new SQLite file gets its schema here."""
        ...

    async def close(self) -> None:
        """Finish what is under way and disconnect."""
        ...


def open_store(url: str, *, durability: Durability = "full") -> Store:
    """Return the store at ``url``, not yet opened.

    Args:
        url: ``sqlite:///path``, a plain path, or ``postgresql://...``.
        durability: How much a commit waits for the disk (SQLite; Postgres is always full).

    Raises:
        Invalid: ``store_url`` when the address names no database we know.
    """
    if url.startswith(("postgresql://", "postgres://")):
        from kapell.adapters.db.postgres.store import (  # noqa: PLC0415 - asyncpg only when used
            PostgresStore,
        )

        return PostgresStore(url)
    from kapell.adapters.db.sqlite.store import (  # noqa: PLC0415 - sqlite3 only when used
        SqliteStore,
    )

    return SqliteStore(sqlite_path(url), durability)


def sqlite_path(url: str) -> str:
    """Return the file of ``sqlite:///path`` or of a plain path.

    Raises:
        Invalid: ``store_url`` for any other scheme.
    """
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    if "://" in url or not url:
        raise Invalid(
            f"The address of the store has the scheme {url.partition('://')[0]!r}.",
            code="store_url",
            advice="Use a path, sqlite:///path or postgresql://user@host/database.",
        )
    return url
