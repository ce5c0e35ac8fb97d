"""A thousand runs that wait cost nothing, and one that is spoken to wakes alone."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from time import monotonic
from typing import TypeVar

import pytest

from kapell.adapters.db.sqlite.store import SqliteStore
from kapell.bootstrap.app import App
from kapell.core.events.codec import VERSION
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.advancing import worker
from kapell.services.runs.ports import RunLog
from tests.contract.stores.runs import new
from tests.integration.runs.shop import PATIENCE, Shop, output, reached, started, until, working

SWEEP = 0.05
SWEEPS = 20
ASKING = """
steps:
  - {id: ask, approval: {title: Go on?}}
outputs: {ok: "{{ steps.ask.output.approved }}"}
"""
HEARING = """
steps:
  - {id: hear, wait: {signal: go}}
outputs: {ok: "{{ steps.hear.output.ok }}"}
"""
SLEEPING = """
inputs: {span: {type: string, default: 1h}}
steps:
  - {id: sleep, wait: {for: "{{ inputs.span }}"}}
outputs: {ok: "{{ true }}"}
"""
T = TypeVar("T")


class Counting:
    """A log that counts what it is asked; everything is the store's."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self.asked: Counter[str] = Counter()
        self.loaded: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        real: Callable[..., Awaitable[object]] = getattr(self._log, name)

        async def counted(*given: object, **named: object) -> object:
            self.asked[name] += 1
            if name == "load":
                self.loaded.append(str(given[1]))
            return await real(*given, **named)

        return counted


async def begun(app: App, workflow: str, number: int) -> list[RunId]:
    """Begin several runs at once, and see them wait."""
    runs = list(await asyncio.gather(*(started(app, workflow) for _ in range(number))))
    async with asyncio.timeout(PATIENCE):
        while True:
            waiting = await app.reader.runs(
                app.tenant, workflow=workflow, status=RunStatus.WAITING, limit=number + 1
            )
            if len(waiting) == number and all(one.owner is None for one in waiting):
                return runs
            await asyncio.sleep(0.02)


async def untouched(app: App, runs: Sequence[RunId]) -> None:
    """See that runs are as they were: nobody owned them since they began to wait."""
    for run in runs:
        events = await app.histories.events(run)
        assert [event.type for event in events].count("run.assigned") == 1


@pytest.mark.requirement("DX-12", "DX-15")
@pytest.mark.parametrize("suspects", [False, True])
async def test_looking_for_work_does_not_look_through_all_that_sleep(
    shop: Shop, suspects: bool
) -> None:
    """Counted in steps of SQLite's machine: 5,000 sleeping runs cost less than one step each."""
    async with shop.open() as app:
        later = time.time() + 3600.0
        runs = [new(f"r{number}", wake_at=later + number) for number in range(5000)]
        await app.store.starts.start(runs)
        store = app.store
        assert isinstance(store, SqliteStore)
        steps = count()
        await store._writer.peek(
            lambda one, _: one.set_progress_handler(lambda: next(steps) < 0, 1)
        )
        found = await store.log.claim(WorkerId("idle"), 100, {}, VERSION, suspects)
        assert found.claims == ()
        assert 0 < next(steps) < 2500


@pytest.mark.slow
@pytest.mark.requirement("WF-11", "DX-12", "DX-15")
async def test_a_thousand_waiting_runs_keep_no_worker_busy(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SWEEP", SWEEP)
    for name, text in (("asking", ASKING), ("hearing", HEARING), ("sleeping", SLEEPING)):
        any_shop.workflow(name, text)
    async with any_shop.open() as app:
        async with working(app):
            asking, hearing, sleeping = [
                await begun(app, name, 400) for name in ("asking", "hearing", "sleeping")
            ]
        idle = app.worker()
        log = Counting(app.store.log)
        idle.desk.log = log  # type: ignore[assignment]  # every call goes to the real log
        position = len(await app.reader.feed(0, 100_000))
        before = monotonic()
        async with working(app, idle):
            await until(lambda: log.asked["claim"] >= 2 * SWEEPS)
            # Two looks a sweep, for runs and for suspects, and not one at any run.
            assert log.asked["claim"] <= 2 * ((monotonic() - before) / SWEEP + 2)
            assert set(log.asked) == {"beat", "claim"}
            assert idle.owned == ()
            assert await app.reader.feed(position) == ()
            spoken = [asking.pop(), hearing.pop()]
            await app.approvals.answer(spoken[0], "ask", True)
            assert await output(app, spoken[0]) == {"ok": True}
            assert log.loaded == spoken[:1]
            await app.teller.signal(spoken[1], "go", {"ok": 7})
            assert await output(app, spoken[1]) == {"ok": 7}
            assert log.loaded == spoken
            soon = (await app.starter.start("sleeping", {"span": "300ms"})).run_id
            assert await output(app, soon) == {"ok": True}
            # Born here, it is read once: when its time has come.
            assert log.loaded == [*spoken, soon]
            assert (await reached(app, sleeping[0], RunStatus.WAITING)).wake_at is not None
        told = await app.reader.feed(position, 100_000)
        assert {event.run_id for _, event in told} == {*spoken, soon}
        await untouched(app, [asking[0], hearing[0], sleeping[0]])
