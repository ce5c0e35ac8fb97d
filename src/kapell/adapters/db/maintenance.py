"""Care for a store from outside, for ``kapell db upgrade | backup | restore | check``.

Loads SQLAlchemy and Alembic only to upgrade.
"""

from pathlib import Path

from kapell.adapters.db.schema.checking import Finding
from kapell.adapters.db.store import sqlite_path
from kapell.kit.errors import Conflict, Missing

__all__ = ["Finding", "backup", "check", "recordable", "restore", "upgrade"]


def _is_postgres(url: str) -> bool:
    return url.startswith(("postgresql://", "postgres://"))


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise Conflict(
            f"{target} is there already.",
            code="backup_exists",
            advice="Name a file that does not exist: a backup never overwrites anything.",
        )


def _require(source: Path) -> None:
    if not source.exists():
        raise Missing(
            f"There is no backup {source}.", code="backup_unknown", advice="Check the path."
        )


async def upgrade(url: str) -> None:
    """Bring the database to this release's schema; does nothing when it is there.

    Raises:
        Conflict: ``database_newer``.
        KapellError: when it cannot be reached or written.
    """
    from kapell.adapters.db import upgrading  # noqa: PLC0415 - Alembic takes a second to load

    if _is_postgres(url):
        await upgrading.upgrade_postgres(url)
    else:
        await upgrading.upgrade_sqlite_file(sqlite_path(url))


async def backup(url: str, target: Path) -> None:
    """Write a consistent copy while the store is in use.

    SQLite gives a database file that opens as it is; Postgres a ZIP with one CSV a table.

    Raises:
        Conflict: ``backup_exists``.
    """
    _refuse_existing(target)
    if _is_postgres(url):
        from kapell.adapters.db.postgres import dumps  # noqa: PLC0415 - asyncpg only when used

        await dumps.dump(url, target)
    else:
        from kapell.adapters.db.sqlite import copies  # noqa: PLC0415 - sqlite3 only when used

        await copies.copy(sqlite_path(url), target)


async def recordable(url: str, target: Path) -> bool:
    """Tell whether a backup can be put on record first: not in a store of another release.

    Raises:
        Conflict: ``backup_exists``.
    """
    _refuse_existing(target)
    if _is_postgres(url):
        return True
    from kapell.adapters.db.sqlite import (  # noqa: PLC0415 - sqlite3 only when used
        health as sqlite_health,
    )

    return await sqlite_health.current(sqlite_path(url))


async def restore(url: str, source: Path) -> None:
    """Bring a backup back into a store that holds nothing.

    Raises:
        Conflict: ``restore_not_empty``, or the backup's schema is another than this release's.
        Missing: ``backup_unknown``.
    """
    _require(source)
    if _is_postgres(url):
        from kapell.adapters.db.postgres import dumps  # noqa: PLC0415 - asyncpg only when used

        await upgrade(url)
        await dumps.load(url, source)
    else:
        from kapell.adapters.db.sqlite import copies  # noqa: PLC0415 - sqlite3 only when used

        await copies.bring_back(source, sqlite_path(url))


async def check(url: str) -> tuple[Finding, ...]:
    """Look the store over; every finding says what to do when it is not well."""
    if _is_postgres(url):
        from kapell.adapters.db.postgres import health  # noqa: PLC0415 - asyncpg only when used

        return await health.check(url)
    from kapell.adapters.db.sqlite import (  # noqa: PLC0415 - sqlite3 only when used
        health as sqlite_health,
    )

    return await sqlite_health.check(sqlite_path(url))
