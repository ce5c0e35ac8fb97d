"""A workspace on SQLite, or on both databases where a test says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from tests.integration.runs.shop import Shop

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def _shop(folder: Path, url: str) -> "Shop":
    # The controller of pytest -n reads this file too, and opens no shop.
    from tests.integration.runs.shop import Shop  # noqa: PLC0415 - it loads all of the program

    return Shop(folder, url)


def _upgrade(url: str) -> None:
    from kapell.adapters.db.upgrading import upgrade_postgres  # noqa: PLC0415 - as above

    asyncio.run(upgrade_postgres(url))


@pytest.fixture
def shop(tmp_path: Path) -> "Shop":
    """Return a workspace on SQLite."""
    return _shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture(params=BOTH)
def any_shop(tmp_path: Path, request: pytest.FixtureRequest) -> "Shop":
    """Return a workspace, once on SQLite and once on Postgres."""
    if request.param == "sqlite":
        return _shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    url = str(request.getfixturevalue("postgres_dsn"))
    _upgrade(url)
    return _shop(tmp_path / "shop", url)


@pytest.fixture
def postgres_shop(tmp_path: Path, postgres_dsn: str) -> "Shop":
    """Return a workspace on Postgres."""
    _upgrade(postgres_dsn)
    return _shop(tmp_path / "shop", postgres_dsn)


@pytest.fixture
async def stranger(postgres_shop: "Shop") -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of somebody else to the database."""
    connection = await asyncpg.connect(postgres_shop.url)
    yield connection
    await connection.close()
