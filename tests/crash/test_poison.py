"""A run that kills its processes ends with a person, and takes no other run along."""

import asyncio
import os
import signal
from time import monotonic

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.codec import VERSION
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.advancing.holding import UNSEEN_AT
from kapell.services.runs.ports import SUSPECT_AT, Claim
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.site import PATIENCE, Site, ended, told

pytestmark = [pytest.mark.slow, pytest.mark.crash]

DEADLY = """
name: deadly
steps:
  - {id: before, tool: crash.echo, with: {n: 1}}
  - {id: die, tool: crash.deadly, with: {}}
"""
LONG = """
name: long
steps:
  - {id: slow, tool: crash.slow, with: {seconds: 3}}
  - {id: after, tool: crash.echo, with: {n: 1}}
outputs: {pid: "{{ steps.slow.output.pid }}"}
"""
HARMLESS = """
name: harmless
steps:
  - {id: echo, tool: crash.echo, with: {n: 1}}
  - {id: pause, wait: {for: 300ms}}
  - {id: again, tool: crash.echo, with: {n: 2}}
"""


@pytest.mark.requirement("DX-06", "DX-17", "DX-19")
async def test_a_run_that_kills_its_processes_is_put_aside_with_the_cause(
    site: Site, server: ForkServer
) -> None:
    site.write("deadly", DEADLY)
    site.write("harmless", HARMLESS)
    site.write("long", LONG)
    async with site.open() as app:
        good = [(await app.starter.start("harmless", {})).run_id for _ in range(10)]
        # Their call outlives every worker: from outside they look as guilty as the bad one.
        good += [(await app.starter.start("long", {})).run_id for _ in range(2)]
        bad, deaths = RunId(""), 0
        pids = set()
        until = monotonic() + PATIENCE
        while True:
            mission = Mission(workspace=str(site.folder), worker=f"w{deaths}", lease=0.5)
            pid = await asyncio.to_thread(server.start, mission)
            pids.add(pid)
            if not bad:
                await asyncio.gather(*(calling(app, run) for run in good[-2:]))
                bad = (await app.starter.start("deadly", {})).run_id
            leaving = asyncio.create_task(asyncio.to_thread(server.wait, pid))
            while not leaving.done():
                summary = await app.reader.run(app.tenant, bad)
                runs = [await app.reader.run(app.tenant, run) for run in good]
                over = all(one.status is RunStatus.SUCCEEDED for one in runs)
                if over and summary.status is RunStatus.WAITING:
                    os.kill(pid, signal.SIGTERM)
                    break
                assert monotonic() < until, (deaths, await told(app, bad))
                await asyncio.sleep(0.02)
            if await leaving == 0:
                break
            deaths += 1
        assert deaths == 3
        (letter,) = await app.reader.dead_letters(app.tenant)
        assert (letter.run_id, letter.stage, letter.code) == (bad, "poison", "run_poison")
        assert "SIGKILL" in letter.message
        # As suspects they were advanced alone, which is all that happened to them.
        assert not {await where(app, run) for run in good[-2:]} & pids
        assert len(site.effects()) == 1 + 10 * 2 + 2 * 2
        lines = [line for line in await told(app, bad) if "tool.returned before" in line]
        assert len(lines) == 1


async def calling(app: App, run: RunId) -> None:
    """Wait until the run has asked for its first call: from then on it stands still a while."""
    async with asyncio.timeout(PATIENCE):
        while not any("tool.requested" in line for line in await told(app, run)):  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(0.02)


WHERE = """
name: where
steps:
  - {id: where, tool: crash.slow, with: {seconds: 0}}
outputs: {pid: "{{ steps.where.output.pid }}"}
"""
GHOST, MOURNER = WorkerId("ghost"), WorkerId("mourner")


async def begun_and_left(app: App, times: list[int]) -> dict[int, RunId]:
    """Begin runs and let a worker own each so often, and die before it got on with it."""
    runs = {}
    log = app.store.log
    for left, right in zip(times, [*times[1:], 0], strict=True):
        runs[left] = (await app.starter.start("where", {})).run_id
        for _ in range(left - right):
            claims: list[Claim] = []
            for suspects in (False, True):
                claims += (await log.claim(GHOST, 10, {}, VERSION, suspects)).claims
            assert len(claims) == len(runs)
            await log.beat(GHOST, {one.run_id: one.epoch for one in claims}, -1.0)
            await log.beat(MOURNER, {}, 60.0)
    await log.leave(MOURNER)
    return runs


@pytest.mark.requirement("DX-06", "DX-17")
async def test_how_often_a_run_was_left_decides_where_it_is_advanced(
    site: Site, server: ForkServer
) -> None:
    """Beside others, then alone in a process of its own, at last not without a person."""
    site.write("where", WHERE)
    async with site.open() as app:
        times = [UNSEEN_AT, UNSEEN_AT - 1, SUSPECT_AT, SUSPECT_AT - 1, 0]
        runs = await begun_and_left(app, times)
        pid = await asyncio.to_thread(server.start, Mission(workspace=str(site.folder), worker="w"))
        pids = {left: await where(app, runs[left]) for left in times[1:]}
        assert pids[0] == pids[SUSPECT_AT - 1] == pid
        assert len({pid, pids[SUSPECT_AT], pids[UNSEEN_AT - 1]}) == 3
        async with asyncio.timeout(PATIENCE):
            while not (letters := await app.reader.dead_letters(app.tenant)):  # noqa: ASYNC110 - another process's work
                await asyncio.sleep(0.02)
        (letter,) = letters
        unseen = runs[UNSEEN_AT]
        assert (letter.run_id, letter.stage, letter.code) == (unseen, "poison", "run_poison")
        assert "nobody saw" in letter.message
        assert site.effects().total() == len(times) - 1
        # A person who says so has it tried again, beside others.
        await app.teller.retry(unseen)
        assert await where(app, unseen) == pid
        os.kill(pid, signal.SIGTERM)
        assert await asyncio.to_thread(server.wait, pid) == 0


async def where(app: App, run: RunId) -> int:
    """Return in which process the run's tool was called, once the run has ended."""
    assert (await ended(app, run)).status is RunStatus.SUCCEEDED
    _, state = await app.histories.state(await app.histories.events(run))
    output = await app.histories.value(state.output)
    assert isinstance(output, dict)
    return int(str(output["pid"]))
