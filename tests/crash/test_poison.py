"""A run that kills its processes ends with a person, and takes no other run along."""

import asyncio
import os
import signal
from time import monotonic

import pytest

from kapell.core.runs.status import RunStatus
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.site import PATIENCE, Site, told

pytestmark = [pytest.mark.slow, pytest.mark.crash]

DEADLY = """
name: deadly
steps:
  - {id: before, tool: crash.echo, with: {n: 1}}
  - {id: die, tool: crash.deadly, with: {}}
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
    async with site.open() as app:
        bad = (await app.starter.start("deadly", {})).run_id
        good = [(await app.starter.start("harmless", {})).run_id for _ in range(10)]
        deaths = 0
        until = monotonic() + PATIENCE
        while True:
            mission = Mission(workspace=str(site.folder), worker=f"w{deaths}", lease=0.5)
            pid = await asyncio.to_thread(server.start, mission)
            ended = asyncio.create_task(asyncio.to_thread(server.wait, pid))
            while not ended.done():
                summary = await app.reader.run(app.tenant, bad)
                runs = await app.reader.runs(app.tenant, workflow="harmless")
                over = all(one.status is RunStatus.SUCCEEDED for one in runs)
                if over and summary.status is RunStatus.WAITING:
                    os.kill(pid, signal.SIGTERM)
                    break
                assert monotonic() < until, (deaths, await told(app, bad))
                await asyncio.sleep(0.02)
            if await ended == 0:
                break
            deaths += 1
        assert deaths == 3
        (letter,) = await app.reader.dead_letters(app.tenant)
        assert (letter.run_id, letter.stage, letter.code) == (bad, "poison", "run_poison")
        assert "SIGKILL" in letter.message
        assert len(good) == 10
        lines = [line for line in await told(app, bad) if "tool.returned before" in line]
        assert len(lines) == 1
