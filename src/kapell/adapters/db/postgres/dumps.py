"""A backup of the tables as CSV in a ZIP, read in one snapshot; needs no program of the server."""

import asyncio
import json
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import asyncpg

from kapell.adapters.db.postgres.connections import check_schema, connect, translated
from kapell.adapters.db.schema.revision import HEAD, check
from kapell.kit.errors import Conflict, Invalid

TABLES = (
    "runs", "events", "inbox", "versions", "artifacts", "snapshots", "results", "ledger",
    "approvals", "dead_letters", "cursors", "deployments", "deployment_minutes",
    "keys", "key_uses", "counts", "pseudonyms", "audit",
)  # fmt: skip
"""Everything but the workers: those are other processes by then."""

_CHUNK = 1 << 20
_MANIFEST = "kapell.json"


async def dump(url: str, target: Path) -> None:
    """Write all tables as they are at one moment."""
    connection = await connect(url)
    try:
        await check_schema(connection)
        with translated():
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(_MANIFEST, json.dumps({"schema": HEAD, "tables": TABLES}))
                    for table in TABLES:
                        await _write(connection, archive, table)
    finally:
        await connection.close()


async def _write(connection: asyncpg.Connection, archive: zipfile.ZipFile, table: str) -> None:
    with archive.open(f"{table}.csv", "w", force_zip64=True) as member:

        async def take(data: bytes) -> None:
            await asyncio.to_thread(member.write, data)

        await connection.copy_from_table(
            table, output=take, format="csv", header=True, timeout=3600
        )


async def load(url: str, source: Path) -> None:
    """Bring all tables back, all or nothing.

    Raises:
        Conflict: ``restore_not_empty``.
        Invalid: ``backup_broken``.
    """
    connection = await connect(url)
    try:
        with translated(), zipfile.ZipFile(source) as archive:
            check(str(json.loads(archive.read(_MANIFEST))["schema"]))
            async with connection.transaction():
                if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM runs)"):
                    raise Conflict(
                        "The store already holds runs.",
                        code="restore_not_empty",
                        advice="Restore into an empty database.",
                    )
                for table in TABLES:
                    with archive.open(f"{table}.csv") as member:
                        await _read(connection, member, table)
                # Owners are processes of then: their runs are due now.
                await connection.execute(
                    "UPDATE runs SET owner = NULL, wake_at = kapell_now() WHERE owner IS NOT NULL"
                )
                await connection.execute(
                    "SELECT setval(pg_get_serial_sequence('inbox', 'number'),"
                    " (SELECT coalesce(max(number), 0) + 1 FROM inbox), false)"
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise Invalid(
            f"{source} is no backup of a Postgres store: {error}.",
            code="backup_broken",
            advice="Name a file that `kapell db backup` wrote.",
        ) from error
    finally:
        await connection.close()


async def _read(connection: asyncpg.Connection, member: IO[bytes], table: str) -> None:
    header = (await asyncio.to_thread(member.readline)).decode().strip().split(",")

    async def lines() -> AsyncIterator[bytes]:
        while data := await asyncio.to_thread(member.read, _CHUNK):
            yield data

    columns = [name.strip('"') for name in header]
    await connection.copy_to_table(
        table, source=lines(), columns=columns, format="csv", timeout=3600
    )
