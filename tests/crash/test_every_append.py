"""Killed at every append and at random, a run ends as if nothing had happened."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter

import pytest

from kapell.bootstrap.app import App
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from kapell.testing.providers.record import counted
from tests.crash.conftest import Provider
from tests.crash.site import Site, begun, bury, check, ended, finish, helped, outcome

pytestmark = [pytest.mark.slow, pytest.mark.crash]


class Killing:
    """Kills workers of runs of one workspace, and lets another finish what they left."""

    def __init__(self, app: App, site: Site, server: ForkServer) -> None:
        self.app = app
        self.site = site
        self.server = server
        self.runs: list[RunId] = []
        self._numbers = 0

    def mission(self, run: RunId, **more: object) -> Mission:
        """Return the mission of a worker that works on a run."""
        self._numbers += 1
        return Mission(
            workspace=str(self.site.folder),
            worker=f"victim-{self._numbers}",
            until=run,
            **more,  # type: ignore[arg-type]  # the caller names fields of the mission
        )

    async def whole(self, *, breaks: bool) -> Json:
        """Return the outcome of a run that nobody kills."""
        run = await begun(self.app, breaks=breaks)
        async with helped(self.app, run):
            await finish(self.app, self.site, run)
        self.runs.append(run)
        return await outcome(self.app, run)

    async def at(self, kill: str, number: int, *, breaks: bool) -> tuple[bool, Json]:
        """Kill at an append; return whether it came to that, and the outcome."""
        run = await begun(self.app, breaks=breaks)
        async with helped(self.app, run):
            mission = self.mission(run, kill=kill, at=number)
            code = await self.server.run(mission)
            assert code in {0, -signal.SIGKILL}
            await bury(self.app, mission.worker)
            await finish(self.app, self.site, run)
        self.runs.append(run)
        return code != 0, await outcome(self.app, run)

    async def after(self, seconds: float, *, breaks: bool) -> Json:
        """Kill after a time."""
        run = await begun(self.app, breaks=breaks)
        async with helped(self.app, run):
            mission = self.mission(run)
            pid = await asyncio.to_thread(self.server.start, mission)
            await asyncio.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(self.server.wait, pid)
            await bury(self.app, mission.worker)
            await finish(self.app, self.site, run)
        self.runs.append(run)
        return await outcome(self.app, run)

    async def check(self, provider: Provider) -> None:
        """Hold all runs against the rules."""
        received: Counter[str] = counted(provider.entries(), "received")
        effects = self.site.effects()
        for run in self.runs:
            await ended(self.app, run)
            await check(self.app, self.site, run, received, effects)


@pytest.mark.requirement("DX-07", "DX-17", "DX-19", "DX-20", "GR-07")
@pytest.mark.parametrize("breaks", [False, True], ids=["succeeds", "fails"])
async def test_a_worker_killed_at_every_append(
    site: Site, server: ForkServer, provider: Provider, breaks: bool
) -> None:
    async with site.open() as app:
        killing = Killing(app, site, server)
        whole = await killing.whole(breaks=breaks)
        number, killed = 0, True
        while killed:
            number += 1
            for kill in ("before", "after"):
                killed, got = await killing.at(kill, number, breaks=breaks)
                assert got == whole, f"killed {kill} append {number}"
        assert number > 20
        await killing.check(provider)
        sys.stdout.write(f"\n{len(killing.runs)} runs, killed at {number - 1} appends\n")


@pytest.mark.requirement("DX-07", "DX-17", "DX-19", "DX-20", "GR-07")
async def test_a_worker_killed_two_hundred_times_at_random(
    site: Site, server: ForkServer, provider: Provider
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)  # noqa: S311 - no secret
    sys.stdout.write(f"\nseed {seed}\n")
    async with site.open() as app:
        killing = Killing(app, site, server)
        whole = {breaks: await killing.whole(breaks=breaks) for breaks in (False, True)}
        for number in range(200):
            breaks = number % 4 == 0
            got = await killing.after(chance.uniform(0.02, 0.5), breaks=breaks)
            assert got == whole[breaks], f"kill {number} of seed {seed}"
        await killing.check(provider)
