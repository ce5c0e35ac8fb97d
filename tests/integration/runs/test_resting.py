"""Whoever carries a run, the one who watches it learns when it ends or waits for somebody."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kapell.core.runs.status import RunStatus
from kapell.kit.ids import WorkerId
from kapell.services.runs.advancing.worker import Limits, Worker
from kapell.services.runs.ports import Append, Appended, RunLog
from kapell.testing.tools.doubles import NoopTool
from tests.integration.runs.shop import PATIENCE, Shop, reached, started, types, working

ASKING = """
steps:
  - {id: ask, approval: {title: Go on?}}
  - {id: end, set: {done: true}}
"""
SHORT = "\nsteps:\n  - {id: end, set: {done: true}}\n"


@pytest.mark.requirement("WF-08")
async def test_a_run_that_another_worker_carried_is_seen_to_end(shop: Shop) -> None:
    shop.workflow("short", SHORT)
    async with shop.open() as app, shop.open() as other:
        async with working(other):
            run = await started(app, "short")
            await reached(app, run)
        async with asyncio.timeout(10):
            await app.run_until_idle(run)
        assert (await app.reader.run(app.tenant, run)).status is RunStatus.SUCCEEDED


@pytest.mark.slow
@pytest.mark.requirement("WF-11")
async def test_watching_ends_when_another_worker_let_a_run_wait_for_a_person(shop: Shop) -> None:
    shop.workflow("asking", ASKING)
    async with shop.open() as app, shop.open() as other, working(other):
        run = await started(app, "asking")
        onlooker = Worker(app.desk(WorkerId("onlooker")), app.store.doorbell, Limits(runs=0))
        async with asyncio.timeout(10):
            await app.run_until_idle(run, onlooker)
        summary = await app.reader.run(app.tenant, run)
        assert summary.status is RunStatus.WAITING
        await app.approvals.answer(run, "ask", True)
        async with asyncio.timeout(10):
            await app.run_until_idle(run, onlooker)
        assert (await app.reader.run(app.tenant, run)).status is RunStatus.SUCCEEDED


@pytest.mark.requirement("DX-08")
async def test_a_fork_may_change_inputs_beside_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id\n1\n", "utf-8")
    shop.workflow(
        "files",
        """
inputs:
  table: {type: file}
  tone: {type: string, default: plain}
steps:
  - {id: load, tool: table.read, with: {path: "{{ inputs.table }}"}}
  - {id: say, set: {tone: "{{ inputs.tone }}", rows: "{{ steps.load.output.count }}"}}
""",
    )
    async with shop.open() as app:
        run = await started(app, "files", {"table": str(tmp_path / "t.csv")})
        await app.run_until_idle(run)
        fork = await app.forker.fork(run, at="say", inputs={"tone": "formal"})
        await app.run_until_idle(fork)
        _, state = await app.histories.state(await app.histories.events(fork))
        assert await app.histories.value(state.output) == {"tone": "formal", "rows": 1}


class Interrupted:
    """A log in front of which somebody speaks just before a run would be given back."""

    def __init__(self, log: RunLog, speak: Callable[[], Awaitable[object]]) -> None:
        self._log = log
        self._speak: Callable[[], Awaitable[object]] | None = speak

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def append(self, append: Append) -> Appended:
        """Let somebody speak once, then append."""
        if append.release and self._speak is not None:
            speak, self._speak = self._speak, None
            await speak()
        return await self._log.append(append)


@pytest.mark.requirement("WF-11", "WF-08")
async def test_an_answer_that_comes_when_the_run_is_given_back_is_carried_on(
    any_shop: Shop,
) -> None:
    """What follows is more than deciding: a worker that leaves would not begin it."""
    any_shop.workflow("asking", ASKING + "  - {id: last, tool: test.noop, with: {}}\n")
    async with any_shop.open({"test.noop": NoopTool()}) as app:
        run = await started(app, "asking")
        await app.run_until_idle(run)
        worker = app.worker()

        async def answer() -> object:
            return await app.approvals.answer(run, "ask", True)

        worker.desk.log = Interrupted(app.store.log, answer)  # type: ignore[assignment]  # the rest is the real log's
        async with asyncio.timeout(PATIENCE):
            await app.run_until_idle(run, worker)
        assert (await app.reader.run(app.tenant, run)).status is RunStatus.SUCCEEDED
        assert (await types(app, run)).count("approval.answered") == 1
