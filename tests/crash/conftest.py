"""The provider, the fork server and the workspaces of the crash tests."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.testing.crash.server import ForkServer
from kapell.testing.providers.record import Entry, read
from kapell.testing.providers.server import environment
from tests.crash.site import Site

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_PRELOAD = (
    "kapell.adapters.db.postgres.store",
    "kapell.adapters.db.sqlite.store",
    "kapell.adapters.llm.remote.models",
    "pydantic_ai.models.openai",
    "pydantic_ai.providers.openai",
)


class Provider:
    """The loopback provider in a process of its own; its record is a file."""

    def __init__(self, url: str, file: Path) -> None:
        self.url = url
        self._file = file

    def entries(self) -> list[Entry]:
        """Return what it was asked so far."""
        return read(self._file) if self._file.exists() else []


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Yield a provider that every process started from now on will ask."""
    file = tmp_path / "requests.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "kapell.testing.providers", "--log", str(file)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        try:
            yield Provider(url, file)
        finally:
            process.terminate()


@pytest.fixture
def server(provider: Provider) -> Iterator[ForkServer]:
    """Yield the fork server."""
    with ForkServer("tests.crash.working:work", _PRELOAD) as server:
        yield server


@pytest.fixture(params=BOTH)
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """Return the workspace, once on SQLite and once on Postgres."""
    if request.param == "sqlite":
        return Site(tmp_path / "site", f"sqlite:///{tmp_path / 'runs.db'}")
    url = str(request.getfixturevalue("postgres_dsn"))
    asyncio.run(upgrade_postgres(url))
    return Site(tmp_path / "site", url)
