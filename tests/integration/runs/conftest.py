"""A workspace on SQLite, or on both databases where a test says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from tests.integration.runs.shop import Shop

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace on SQLite."""
    return Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture(params=BOTH)
def any_shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """Return a workspace, once on SQLite and once on Postgres."""
    if request.param == "sqlite":
        return Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    url = str(request.getfixturevalue("postgres_dsn"))
    asyncio.run(upgrade_postgres(url))
    return Shop(tmp_path / "shop", url)


@pytest.fixture
def postgres_shop(tmp_path: Path, postgres_dsn: str) -> Shop:
    """Return a workspace on Postgres."""
    asyncio.run(upgrade_postgres(postgres_dsn))
    return Shop(tmp_path / "shop", postgres_dsn)


@pytest.fixture
async def stranger(postgres_shop: Shop) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of somebody else to the database."""
    connection = await asyncpg.connect(postgres_shop.url)
    yield connection
    await connection.close()
