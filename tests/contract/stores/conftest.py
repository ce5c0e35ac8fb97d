"""Every test of this folder runs against the store in memory, on SQLite and on Postgres."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kapell.adapters.db import Store, open_store
from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.testing.stores import MemoryStore
from tests.contract.stores.places import Place

KINDS = [
    "memory",
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
]


async def place_of(kind: str, folder: Path, address: str) -> Place:
    """Return a place for stores of a kind; ``address`` is that of an empty Postgres database."""
    if kind == "memory":
        memory = MemoryStore()
        return Place(kind, "", lambda: memory)
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'kapell.db'}"
    else:
        url = address
        await upgrade_postgres(url)
    return Place(kind, url, lambda: open_store(url))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture
def _database(kind: str, request: pytest.FixtureRequest) -> str:
    """Ask for the server only when it is used: its fixture must not run inside the event loop."""
    return str(request.getfixturevalue("postgres_dsn")) if kind == "postgres" else ""


@pytest.fixture
async def place(kind: str, _database: str, tmp_path: Path) -> AsyncIterator[Place]:
    """Yield where stores of one database can be opened; they are closed at the end."""
    place = await place_of(kind, tmp_path, _database)
    try:
        yield place
    finally:
        await place.close()


@pytest.fixture
async def store(place: Place) -> Store:
    """Return an open store on an empty database."""
    return await place.store()
