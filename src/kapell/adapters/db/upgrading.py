"""Brings a database to this release's schema; the only place that runs Alembic."""

import asyncio
import sqlite3
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kapell.adapters.db import faults
from kapell.adapters.db.postgres import connections as postgres
from kapell.adapters.db.schema.revision import HEAD, VERSION_QUERY
from kapell.adapters.db.sqlite.connections import BUSY_SECONDS, surroundings, translated
from kapell.adapters.db.sqlite.writing.turnstile import Turnstile


def _upgrade(connection: sa.Connection) -> None:
    _refuse_newer(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _refuse_newer(connection: sa.Connection) -> None:
    if sa.inspect(connection).has_table("alembic_version"):
        found = connection.exec_driver_sql(VERSION_QUERY).scalar()
        if found is not None and str(found) > HEAD:
            raise faults.newer(str(found))


async def upgrade_sqlite_file(path: str) -> None:
    """Bring a file to the head while no other process of ours writes to it."""
    await asyncio.to_thread(_upgrade_alone, path)


def _upgrade_alone(path: str) -> None:
    turnstile = Turnstile(path, BUSY_SECONDS)
    try:
        turnstile.enter()
        with translated():
            upgrade_sqlite(path)
    except sa.exc.DBAPIError as error:
        cause = error.orig if isinstance(error.orig, sqlite3.Error) else None
        known = None if cause is None else surroundings(cause)
        raise known or faults.failed(str(error.orig)) from error
    finally:
        turnstile.close()


def upgrade_sqlite(path: str) -> None:
    """Bring a file to the head in one transaction, made if it is not there.

    The caller holds the writers' file lock, so that two processes do not begin at once.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=5, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            # The driver opens no transaction for DDL by itself: say it plainly.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade(connection)
            connection.commit()
    finally:
        engine.dispose()


async def upgrade_postgres(url: str) -> None:
    """Bring a database to the head in one transaction; two at once wait for each other."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=partial(postgres.connect, url), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7205, 3)")
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()
