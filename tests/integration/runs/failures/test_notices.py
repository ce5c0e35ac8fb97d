"""Notices are only a doorbell: lost ones cost a sweep, and a broken line comes back."""

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Unavailable
from kapell.kit.ids import RunId
from kapell.services.runs.advancing import worker
from kapell.services.tools.ports import Tool
from kapell.testing.tools.doubles import CountingTool, SlowTool
from tests.integration.line import Line
from tests.integration.runs.shop import (
    PATIENCE,
    Shop,
    output,
    reached,
    said,
    started,
    types,
    until,
    working,
)

ECHO = "steps:\n  - {id: one, set: {v: 1}}\noutputs: {v: '{{ steps.one.output.v }}'}\n"
PAIR = """
steps:
  - id: both
    parallel:
      work: [{id: slow, tool: test.slow, with: {}}]
      hear: [{id: heard, wait: {signal: go}}, {id: did, tool: test.counting, with: {}}]
"""
FIVE = "steps:\n" + "".join(
    f"  - {{id: s{n}, tool: test.counting, with: {{}}}}\n" for n in range(5)
)
_OURS = "application_name = 'kapell' AND datname = current_database()"
_HEARING = f"SELECT pid FROM pg_stat_activity WHERE {_OURS} AND query LIKE 'LISTEN%'"  # noqa: S608 - ours
_KILL = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OURS}"  # noqa: S608 - ours


@pytest.mark.slow
@pytest.mark.requirement("DX-03", "DX-12")
async def test_without_notices_the_sweep_finds_runs_and_messages(
    postgres_shop: Shop, stranger: asyncpg.Connection, tmp_path: Path
) -> None:
    """Every notice of the sender is lost: for a run nobody owns, and for one that is owned."""
    slow = SlowTool()
    tools: dict[str, Tool] = {"test.slow": slow, "test.counting": CountingTool()}
    async with Line(postgres_shop.url) as line:
        line.requests = b"pg_notify"
        sender = Shop(tmp_path / "sender", line.url)
        for one in (postgres_shop, sender):
            one.workflow("pair", PAIR)
        heard: list[str] = []
        await stranger.add_listener("kapell", lambda *notice: heard.append(str(notice[3])))
        async with postgres_shop.open(tools) as app, sender.open(tools) as other:
            async with working(app) as mine:
                run = await started(other, "pair")
                await until(slow.begun.is_set)
                assert mine.owned == (run,)
                await other.teller.signal(run, "go")
                await said(app, run, "signal.received")
                slow.release.set()
                assert (await reached(app, run)).status is RunStatus.SUCCEEDED
            assert run not in " ".join(heard)
            assert line.lost > 0


@pytest.mark.requirement("DX-03")
async def test_a_killed_line_for_notices_heals(
    postgres_shop: Shop, stranger: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without sweeps only notices wake the worker, and what was missed while none was heard."""
    monkeypatch.setattr(worker, "SWEEP", 600.0)
    postgres_shop.workflow("echo", ECHO)
    async with postgres_shop.open() as app, postgres_shop.open() as starter, working(app):
        before = await _hearing(stranger, 0)
        for _ in range(3):
            assert await output(starter, await started(starter, "echo")) == {"v": 1}
            await stranger.execute("SELECT pg_terminate_backend($1)", before)
            assert await output(starter, await started(starter, "echo")) == {"v": 1}
            before = await _hearing(stranger, before)


async def _hearing(stranger: asyncpg.Connection, before: int) -> int:
    """Wait until another connection than before listens, and return its process."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [row["pid"] for row in await stranger.fetch(_HEARING) if row["pid"] != before]
            if found:
                return int(found[0])
            await asyncio.sleep(0.01)


async def _ended(app: App, run: RunId) -> RunStatus:
    """Return how a run ended; who looks is told that the store is away, and looks again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(Unavailable):
                return (await reached(app, run)).status


@pytest.mark.slow
@pytest.mark.requirement("DX-02", "DX-03", "DX-19")
async def test_every_connection_is_killed_again_and_again_while_runs_go_on(
    postgres_shop: Shop, stranger: asyncpg.Connection
) -> None:
    postgres_shop.workflow("five", FIVE)
    tool = CountingTool()
    kills = 0

    async def kill() -> None:
        nonlocal kills
        while True:
            kills += len(await stranger.fetch(_KILL))
            await asyncio.sleep(0.05)

    async with postgres_shop.open({"test.counting": tool}) as app, working(app):
        killing = asyncio.create_task(kill())
        runs = [await started(app, "five") for _ in range(20)]
        while kills < 30:
            runs.append(await started(app, "five"))
        for run in runs:
            assert await _ended(app, run) is RunStatus.SUCCEEDED
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        whole = await types(app, runs[0])
        assert whole.count("step.succeeded") == 5
        for run in runs:
            assert await types(app, run) == whole
    assert set(tool.calls.values()) == {1}
    assert len(tool.calls) == 5 * len(runs)
