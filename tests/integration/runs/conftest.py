"""A workspace on SQLite, or on both databases where a test says so."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.testing.providers.server import LoopbackProvider
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
def provider_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackProvider]:
    """Yield a provider not begun yet; ``use`` of it is the test's business."""
    yield LoopbackProvider()
