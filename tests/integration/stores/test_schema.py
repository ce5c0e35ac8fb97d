"""Migrations for real, on both databases, end at the schema the tables describe."""

import asyncio
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kapell.adapters.db import migrations, open_store, policy
from kapell.adapters.db.changes import BELOW
from kapell.adapters.db.maintenance import upgrade
from kapell.adapters.db.migrations.frozen import statements
from kapell.adapters.db.schema.revision import HEAD
from kapell.adapters.db.schema.tables import Dialect, metadata
from kapell.adapters.db.sqlite.connections import connect
from kapell.kit.errors import Conflict


def _differences(connection: sa.Connection, dialect: Dialect) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    tables = metadata(dialect)
    found: list[object] = list(compare_metadata(context, tables))
    inspector = sa.inspect(connection)
    for table in tables.sorted_tables:
        # Alembic compares neither keys nor what an index leaves out.
        key = inspector.get_pk_constraint(table.name)["constrained_columns"]
        if set(key) != {column.name for column in table.primary_key}:
            found.append((table.name, key))
        real = {index["name"]: index for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            wanted = index.dialect_options[dialect]["where"]
            options = real[index.name].get("dialect_options", {})
            if _bare(wanted) != _bare(options.get(f"{dialect}_where")):
                found.append((index.name, str(wanted), options))
    return found


def _bare(condition: object) -> str:
    return re.sub(r"::text|[()\s]", "", "" if condition is None else str(condition)).lower()


def _made(path: Path) -> list[tuple[str, str]]:
    with closing(connect(str(path), readonly=True)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    return [(name, re.sub(r"\s+", "", sql or "").replace('"', "")) for name, sql in rows]


@pytest.mark.requirement("DX-07")
async def test_sqlite_migrates_to_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "migrated.db"
    await upgrade(str(path))
    await upgrade(f"sqlite:///{path}")
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        assert _differences(connection, "sqlite") == []
    engine.dispose()


async def test_a_new_file_gets_what_migrations_give(tmp_path: Path) -> None:
    await upgrade(str(tmp_path / "migrated.db"))
    store = open_store(str(tmp_path / "new.db"))
    await store.open()
    await store.close()
    assert _made(tmp_path / "new.db") == _made(tmp_path / "migrated.db")


@pytest.mark.requirement("DX-07")
async def test_postgres_migrates_to_the_tables(postgres_dsn: str) -> None:
    await asyncio.gather(*(upgrade(postgres_dsn) for _ in range(3)))
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(postgres_dsn),
        poolclass=NullPool,
    )
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences, "postgresql") == []
    await engine.dispose()


def test_the_head_is_the_last_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    assert all(re.fullmatch(r"\d{4}", one.revision) for one in scripts.walk_revisions())


def test_both_databases_follow_the_same_rules() -> None:
    text = "\n".join(statements(HEAD, "postgresql"))
    assert f"- {policy.AGEING} * l.prio AS rank" in text
    assert f"strpos('{BELOW}'" in text


async def test_a_newer_file_is_not_touched(sqlite_path: Path) -> None:
    await upgrade(str(sqlite_path))
    with closing(connect(str(sqlite_path))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict) as caught:
        await upgrade(str(sqlite_path))
    assert caught.value.code == "database_newer"


@pytest.mark.parametrize(
    ("url", "allowed", "refused"),
    [
        ("kapell.db", "sqlite3", ("asyncpg", "sqlalchemy", "alembic")),
        ("postgresql://x/y", "asyncpg", ("sqlite3", "sqlalchemy", "alembic")),
    ],
)
def test_only_the_database_in_use_is_imported(
    url: str, allowed: str, refused: tuple[str, ...], tmp_path: Path
) -> None:
    code = (
        "import sys; from kapell.adapters.db import open_store;"
        f"assert not {{'sqlite3', 'asyncpg'}} & set(sys.modules); open_store({url!r});"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout.split()
    assert allowed in loaded
    assert not set(refused) & set(loaded)
