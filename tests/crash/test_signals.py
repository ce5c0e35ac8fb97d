"""Workers that are frozen, asked to leave, and that share priorities and caps."""

import asyncio
import os
import signal
from collections import Counter
from time import monotonic

import pytest

from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from kapell.testing.crash.invariants import broken_rules
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.site import PATIENCE, Site, ended, told

pytestmark = [pytest.mark.slow, pytest.mark.crash]

LEASE = 0.5
CHAIN = "name: chain\nsteps:\n" + "".join(
    f"  - {{id: s{n}, tool: crash.slow, with: {{seconds: 0.3}}}}\n"
    f"  - {{id: e{n}, tool: crash.echo, with: {{n: {n}}}}}\n"
    for n in range(4)
)
ONE = "name: {name}\nsteps:\n  - {{id: work, tool: crash.slow, with: {{seconds: 0.05}}}}\n"


class Workers:
    """Worker processes of one site."""

    def __init__(self, server: ForkServer, site: Site) -> None:
        self._server = server
        self._site = site

    async def start(self, name: str, runs: int = 500) -> int:
        """Start a worker and return its process id."""
        folder = str(self._site.folder)
        mission = Mission(workspace=folder, worker=name, lease=LEASE, runs=runs)
        return await asyncio.to_thread(self._server.start, mission)

    async def end(self, *pids: int) -> None:
        """Ask workers to leave, and see that they do."""
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        for pid in pids:
            assert await asyncio.to_thread(self._server.wait, pid) == 0


@pytest.fixture
def workers(server: ForkServer, site: Site) -> Workers:
    """Return the processes of the site."""
    return Workers(server, site)


async def begun(app: App, workflow: str, count: int, priority: int = 0) -> list[RunId]:
    """Begin runs."""
    start = app.starter.start
    return [(await start(workflow, {}, priority=priority)).run_id for _ in range(count)]


async def until_told(app: App, run: RunId, line: str) -> None:
    """Wait until a run's log tells something."""
    until = monotonic() + PATIENCE
    while not any(line in one for one in await told(app, run)):
        assert monotonic() < until, await told(app, run)
        await asyncio.sleep(0.01)


async def until_owned(app: App, runs: list[RunId], worker: str) -> None:
    """Wait until a worker has taken runs up."""
    until = monotonic() + PATIENCE
    for run in runs:
        while f"worker:{worker}" not in [one.actor for one in await app.histories.events(run)]:
            assert monotonic() < until, await told(app, run)
            await asyncio.sleep(0.01)


@pytest.mark.requirement("DX-02", "DX-03", "DX-17")
@pytest.mark.parametrize("wakes", ["while they go on", "when they have ended"])
async def test_a_worker_frozen_beyond_its_lease_writes_nothing_when_it_wakes(
    site: Site, workers: Workers, wakes: str
) -> None:
    site.write("chain", CHAIN)
    async with site.open() as app:
        runs = await begun(app, "chain", 10)
        frozen = await workers.start("frozen")
        for run in runs:
            await until_told(app, run, "tool.requested s1")
        os.kill(frozen, signal.SIGSTOP)
        other = await workers.start("other")
        # It comes back with calls in flight, their results and a beat; then it is asked to leave.
        if wakes == "while they go on":
            await until_owned(app, runs, "other")
            os.kill(frozen, signal.SIGCONT)
        for run in runs:
            assert (await ended(app, run)).status is RunStatus.SUCCEEDED
        whole = await app.reader.feed(0, 100_000)
        os.kill(frozen, signal.SIGCONT)
        await asyncio.sleep(2 * LEASE)
        await workers.end(frozen)
        assert await app.reader.feed(0, 100_000) == whole
        shared = 0
        for run in runs:
            events = await app.histories.events(run)
            program, _ = await app.histories.state(events)
            assert broken_rules(program, events) == []
            owners = [event.actor for event in events if event.actor.startswith("worker:")]
            assert owners == sorted(owners)  # "frozen" first, then "other", never back
            shared += len(set(owners)) == 2
        assert shared
        assert (await ended(app, (await begun(app, "chain", 1))[0])).status is RunStatus.SUCCEEDED
        await workers.end(other)
        assert len(site.effects()) == 11 * 8


@pytest.mark.requirement("DX-22", "DX-03")
async def test_a_worker_asked_to_leave_ends_its_calls_and_hands_its_runs_on(
    site: Site, workers: Workers
) -> None:
    """Nothing is called twice, nothing is counted as a takeover: the next one just goes on."""
    site.write("chain", CHAIN)
    async with site.open() as app:
        runs = await begun(app, "chain", 10)
        number = 0
        pid = await workers.start("w0")
        while not all(
            [(await app.reader.run(app.tenant, run)).status is RunStatus.SUCCEEDED for run in runs]
        ):
            await asyncio.sleep(0.45)
            number += 1
            os.kill(pid, signal.SIGTERM)
            pid, old = await workers.start(f"w{number}"), pid
            assert await asyncio.to_thread(workers._server.wait, old) == 0
            assert number < 40, [await told(app, run) for run in runs]
        await workers.end(pid)
        assert number >= 3
        assert set(site.effects().values()) == {1}
        assert len(site.effects()) == 10 * 8


@pytest.mark.requirement("DX-15")
async def test_a_cap_holds_across_two_workers_and_holds_nothing_else(
    site: Site, workers: Workers
) -> None:
    for name in ("capped", "free"):
        site.write(name, ONE.format(name=name))
    with (site.folder / "kapell.yaml").open("a") as file:
        file.write("worker: {workflows: {capped: 3}}\n")
    async with site.open() as app:
        runs = await begun(app, "capped", 30) + await begun(app, "free", 30)
        names = dict.fromkeys(runs[:30], "capped") | dict.fromkeys(runs[30:], "free")
        pids = [await workers.start(f"w{n}") for n in range(2)]
        for run in runs:
            assert (await ended(app, run)).status is RunStatus.SUCCEEDED
        await workers.end(*pids)
        most = await busiest(app, names)
        assert most["capped"] == 3
        assert most["free"] > 3


async def busiest(app: App, names: dict[RunId, str]) -> Counter[str]:
    """Return how many runs of each workflow were owned at once, at most, as the log tells it."""
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for _, event in await app.reader.feed(0, 100_000):
        if event.type == "run.started":
            now[names[event.run_id]] += 1
        if event.type == "run.succeeded":
            now[names[event.run_id]] -= 1
        most |= now
    return most


@pytest.mark.requirement("DX-12")
async def test_priorities_hold_across_two_workers(site: Site, workers: Workers) -> None:
    site.write("work", ONE.format(name="work"))
    async with site.open() as app:
        low = await begun(app, "work", 12)
        high = await begun(app, "work", 12, priority=100)
        pids = [await workers.start(f"w{n}", runs=1) for n in range(2)]
        for run in (*low, *high):
            assert (await ended(app, run)).status is RunStatus.SUCCEEDED
        await workers.end(*pids)
        feed = await app.reader.feed(0, 100_000)
        begins = [event for _, event in feed if event.type == "run.started"]
        order = [event.run_id for event in begins]
        # Where the last urgent one and the first other are begun at once, either may come first.
        assert len(set(order[:12]) & set(high)) >= 11
        assert set(order[13:]) <= set(low)
        assert {event.actor for event in begins} == {"worker:w0", "worker:w1"}
