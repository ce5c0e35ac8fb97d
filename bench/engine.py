"""Kapell as the measured scripts use it: a workspace, its store, tools that only count or stamp."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
from measuring import Stamps, setting

from kapell.adapters.db.sqlite.store import SqliteStore
from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.bootstrap.app import App, open_app
from kapell.bootstrap.serving import settle_memory
from kapell.core.events.envelope import Event
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.advancing.worker import Worker
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult
from kapell.settings.loading import Settings
from kapell.settings.sections import DatabaseSettings
from kapell.testing.tools.doubles import NoopTool

ANYTHING: Json = {"type": "object"}


class StampTool:
    """``bench.stamp``: writes down which step began, rests for ``rest`` seconds if asked to."""

    spec = ToolSpec(
        name="bench.stamp", description="Stamp.", args=ANYTHING, repeatable=True, effects="write"
    )

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Stamp and return the arguments."""
        args = call.args if isinstance(call.args, dict) else {}
        self._stamps.add(f"step:{args.get('name', call.run_id)}:{call.call}")
        rest = args.get("rest")
        if isinstance(rest, int | float):
            await asyncio.sleep(rest)
        return ToolResult(output=None)


def chain(name: str, steps: int, step: str = "tool: test.noop, with: {n: 1}") -> str:
    """Return a workflow of steps that do nothing."""
    lines = [f"name: {name}", "description: Steps that do nothing.", "steps:"]
    lines += [f"  - {{id: s{number}, {step}}}" for number in range(steps)]
    return "\n".join(lines) + "\n"


async def prepare(url: str) -> None:
    """Make the schema of a fresh Postgres database; a SQLite file makes its own."""
    if url.startswith("postgresql:"):
        await upgrade_postgres(url)
        connection = await asyncpg.connect(url)
        try:
            for name in ("fsync", "synchronous_commit"):
                setting(name, await connection.fetchval(f"SHOW {name}"))
        finally:
            await connection.close()


@asynccontextmanager
async def opened(
    url: str, workspace: Path, workflows: Mapping[str, str], stamps: Stamps | None = None
) -> AsyncIterator[App]:
    """Yield the program on a store and a workspace with these workflows."""
    folder = workspace / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in workflows.items():
        (folder / f"{name}.yaml").write_text(text)
    full = url if "://" in url else f"sqlite:///{url}"
    settings = Settings(database=DatabaseSettings(url=full, durability="full"))
    tools: list[Tool] = [NoopTool()]
    if stamps is not None:
        tools.append(StampTool(stamps))
    extra = {tool.spec.name: tool for tool in tools}
    async with open_app(workspace, settings, extra_tools=extra) as app:
        if isinstance(app.store, SqliteStore):
            await _read_back(app.store)
        yield app


async def _read_back(store: SqliteStore) -> None:
    """Say what holds on the very connection that writes; each has its own."""
    for name in ("synchronous", "journal_mode"):
        setting(name, await store._writer.do(partial(_pragma, name=name)))


def _pragma(connection: sqlite3.Connection, now: float, *, name: str) -> object:
    del now
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return value


class Ends:
    """Tells when runs ended, by what their worker appended."""

    def __init__(self) -> None:
        self._ended: dict[RunId, RunStatus] = {}
        self._waited: dict[RunId, asyncio.Future[RunStatus]] = {}

    def observe(self, run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
        """Note a run that has ended."""
        del events, program
        if state.status not in TERMINAL:
            return
        self._ended[run] = state.status
        future = self._waited.pop(run, None)
        if future is not None and not future.done():
            future.set_result(state.status)

    async def succeeded(self, run: RunId) -> None:
        """Return when a run has succeeded.

        Raises:
            RuntimeError: it ended otherwise.
        """
        status = self._ended.get(run)
        if status is None:
            status = await self._waited.setdefault(run, asyncio.get_running_loop().create_future())
        if status is not RunStatus.SUCCEEDED:
            raise RuntimeError(f"run {run} ended as {status}")


@asynccontextmanager
async def working(app: App) -> AsyncIterator[tuple[Worker, Ends]]:
    """Yield a worker as `kapell worker` has it, with its defaults, and who tells of ended runs."""
    worker, ends, stop = app.worker(), Ends(), asyncio.Event()
    settle_memory()
    worker.desk.observers.append(ends.observe)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker, ends
    finally:
        stop.set()
        await task
