"""Many read the events while runs go: each sees every event once, in order, at its own pace."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from kapell.bootstrap.app import App
from kapell.cli.watching.following import Follower
from kapell.core.events.envelope import Event
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from kapell.projections.tree import RunView
from kapell.testing.tools.doubles import CountingTool
from tests.integration.runs.shop import PATIENCE, Shop, started, until, working

RUNS, QUICK, SLOW, PAGE = 40, 20, 4, 10
STEPS = "steps:\n" + "".join(
    f"  - {{id: s{n}, tool: test.counting, with: {{n: {n}}}}}\n"
    f"  - {{id: p{n}, wait: {{for: 5ms}}}}\n"
    for n in range(4)
)
Seen = list[tuple[int, Event]]


class Subscriber:
    """Reads the feed page by page from where its cursor stands, as a program that restarts does."""

    def __init__(self, app: App, name: str, page: int, gate: asyncio.Event | None = None) -> None:
        self._app = app
        self._name = name
        self._page = page
        self._gate = gate
        self.seen: Seen = []

    async def follow(self) -> None:
        """Read until cancelled; what was handled is remembered in the store alone."""
        reader = self._app.reader
        while True:
            found = await reader.feed(await reader.cursor(self._name), self._page)
            self.seen.extend(found)
            if found:
                await reader.save_cursor(self._name, found[-1][0])
                if self._gate is not None:
                    await self._gate.wait()
            else:
                await asyncio.sleep(0.01)


class Watcher:
    """Follows one run, as ``kapell runs watch`` does."""

    def __init__(self, app: App, run: RunId) -> None:
        self._follower = Follower(app, run)
        self._follower.show(self._take)
        self.seen: list[Event] = []

    def _take(self, view: RunView, events: Sequence[Event]) -> None:
        del view
        self.seen.extend(events)

    async def follow(self) -> None:
        """Read until the run has ended."""
        await self._follower.until(lambda: self._follower.view.ended)


@asynccontextmanager
async def reading(subscribers: Sequence[Subscriber]) -> AsyncIterator[None]:
    """Let subscribers read while the block lasts."""
    tasks = [asyncio.create_task(one.follow()) for one in subscribers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_ended(app: App) -> None:
    """Wait until every run has succeeded."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await app.reader.runs(app.tenant, status=RunStatus.SUCCEEDED, limit=RUNS + 1)
            if len(found) == RUNS:
                return
            for one in await app.reader.runs(app.tenant, status=RunStatus.FAILED):
                raise AssertionError(await app.histories.events(one.run_id))
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.requirement("MB-03")
async def test_many_subscribers_see_every_event_once_and_in_order(any_shop: Shop) -> None:
    any_shop.workflow("steps", STEPS)
    tools = {"test.counting": CountingTool()}
    async with any_shop.open(tools) as one, any_shop.open(tools) as two, any_shop.open() as apart:
        gate = asyncio.Event()
        quick = [Subscriber((one, apart)[n % 2], f"quick {n}", 3 + 40 * n) for n in range(QUICK)]
        slow = [Subscriber((two, apart)[n % 2], f"slow {n}", PAGE, gate) for n in range(SLOW)]
        runs: list[RunId] = []
        watchers: list[Watcher] = []
        following: list[asyncio.Task[None]] = []
        async with reading([*quick, *slow]):
            async with working(one), working(two):
                for n in range(RUNS):
                    runs.append(await started((one, two)[n % 2], "steps"))
                    watchers.append(Watcher(apart, runs[-1]))
                    following.append(asyncio.create_task(watchers[-1].follow()))
                await asyncio.gather(all_ended(apart), *following)
            whole = await apart.reader.feed(0, 100_000)
            # The quick ones have everything while the slow ones still hold their first page.
            await until(lambda: all(len(reader.seen) >= len(whole) for reader in quick))
            assert all(0 < len(reader.seen) <= PAGE for reader in slow)
            gate.set()
            await until(lambda: all(len(reader.seen) >= len(whole) for reader in slow))
            await asyncio.sleep(0.05)  # whoever saw something twice would see it now
        assert [position for position, _ in whole] == list(range(1, len(whole) + 1))
        for reader in (*quick, *slow):
            assert tuple(reader.seen) == whole
        for run in runs:
            events = await apart.histories.events(run)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert [event for _, event in whole if event.run_id == run] == list(events)
        for watcher, run in zip(watchers, runs, strict=True):
            assert watcher.seen == list(await apart.histories.events(run))
