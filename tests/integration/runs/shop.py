"""A workspace of a test, opened as the program opens it; workers of this process beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Self

from kapell.bootstrap.app import App, open_app
from kapell.core.events.envelope import Event, Payload
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.advancing.worker import Worker
from kapell.services.runs.ports import RunLog, RunSummary
from kapell.services.tools.ports import Tool

LEASE = 0.6
"""Seconds: short, so that a test of takeovers need not wait long."""

PATIENCE = 30.0
"""Seconds after which a test gives up; far more than anything takes."""


class Shop:
    """A workspace: a folder of definitions and the database its runs are in."""

    def __init__(self, folder: Path, url: str, settings: str = "") -> None:
        self.folder = folder
        self.url = url
        (folder / "workflows").mkdir(parents=True, exist_ok=True)
        (folder / "kapell.yaml").write_text(
            f'model: offline\ndatabase: {{url: "{url}"}}\nworker: {{lease: {LEASE}, drain: 5}}\n'
            + settings,
            "utf-8",
        )

    def workflow(self, name: str, text: str) -> str:
        """Write a workflow and return its name."""
        (self.folder / "workflows" / f"{name}.yaml").write_text(f"name: {name}\n{text}", "utf-8")
        return name

    @asynccontextmanager
    async def open(self, tools: Mapping[str, Tool] | None = None) -> AsyncIterator[App]:
        """Yield the program, opened on this workspace."""
        async with open_app(self.folder, extra_tools=tools) as app:
            yield app


class LogBetween:
    """A log between a worker and its store: what a test leaves alone is the store's."""

    def __init__(self, log: RunLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    @classmethod
    def of(cls, app: App, worker: Worker) -> Self:
        """Let a worker write through one."""
        made = cls(app.store.log)
        worker.desk.log = made  # type: ignore[assignment]  # the rest is the real log's
        return made


@asynccontextmanager
async def working(app: App, worker: Worker | None = None) -> AsyncIterator[Worker]:
    """Let a worker work while the block lasts; then it drains and leaves."""
    mine = worker or app.worker()
    stop = asyncio.Event()
    task = asyncio.create_task(mine.run(stop))
    try:
        yield mine
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something in this process is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


async def reached(app: App, run: RunId, *statuses: RunStatus) -> RunSummary:
    """Wait until a run has one of the statuses and nobody owns it; terminal ones unless given."""
    wanted = frozenset(statuses) or TERMINAL
    until = monotonic() + PATIENCE
    while True:
        summary = await app.reader.run(app.tenant, run)
        if summary.status in wanted and summary.owner is None:
            return summary
        assert monotonic() < until, (summary, await types(app, run))
        await asyncio.sleep(0.01)


async def started(app: App, workflow: str, inputs: Mapping[str, Json] | None = None) -> RunId:
    """Begin a run."""
    return (await app.starter.start(workflow, inputs or {})).run_id


async def folded(app: App, run: RunId) -> State:
    """Return a run's state as its log tells it."""
    _, state = await app.histories.state(await app.histories.events(run))
    return state


async def output(app: App, run: RunId) -> Json:
    """Return the output of a run that succeeded."""
    summary = await reached(app, run)
    state = await folded(app, run)
    assert summary.status is RunStatus.SUCCEEDED, state.failure
    return await app.histories.value(state.output)


async def types(app: App, run: RunId) -> list[str]:
    """Return the types of a run's events."""
    return [event.type for event in await app.histories.events(run)]


async def said(app: App, run: RunId, kind: str) -> None:
    """Wait until the run's log tells of something."""
    until = monotonic() + PATIENCE
    while True:
        if kind in await types(app, run):
            return
        assert monotonic() < until, await types(app, run)
        await asyncio.sleep(0.01)


async def facts(app: App, run: RunId, *kinds: type[Payload]) -> list[Event]:
    """Return the run's events of some kinds."""
    return [e for e in await app.histories.events(run) if isinstance(e.payload, kinds)]
