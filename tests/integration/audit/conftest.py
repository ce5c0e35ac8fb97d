"""A workspace whose runs were recorded, on SQLite and on Postgres, and a hand that tampers."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from tests.integration.cli.conftest import desk as desk
from tests.integration.cli.desk import Desk

FLOW = """\
name: note
steps:
  - {id: write, tool: file.write, with: {path: note.txt, text: "hello"}}
  - {id: ask, approval: {title: Go on?}}
  - {id: say, ask: "Say: hello"}
"""

Tamper = Callable[..., None]
"""Carries out SQL past Kapell, the triggers taken away first."""


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture
def place(
    desk: Desk, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the address of the database that the desk uses."""
    if kind == "sqlite":
        return str(desk.folder / ".kapell" / "kapell.db")
    dsn = str(request.getfixturevalue("postgres_dsn"))
    monkeypatch.setenv("DATABASE_URL", dsn)
    desk.ok("db", "upgrade")
    return dsn


@pytest.fixture
def recorded(desk: Desk, place: str) -> Desk:
    """Return a desk at which a run was carried out, with somebody's answer in it."""
    desk.write("note.yaml", FLOW)
    desk.call("run", "note.yaml")
    desk.ok("approvals", "answer", "last", "--approve")
    desk.ok("runs", "resume", "last")
    return desk


@pytest.fixture
def tamper(place: str, kind: str) -> Tamper:
    """Return what writes to the database past Kapell."""
    return (
        (lambda *sql: _lite(place, *sql)) if kind == "sqlite" else (lambda *sql: _pg(place, *sql))
    )


def _lite(place: str, *statements: str) -> None:
    with closing(sqlite3.connect(Path(place))) as connection:
        for trigger in ("audit_unchanged", "audit_undeleted"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _pg(place: str, *statements: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(place)
        try:
            await connection.execute("DROP TRIGGER IF EXISTS audit_kept ON audit")
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())
