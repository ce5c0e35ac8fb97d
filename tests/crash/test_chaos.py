"""Workers are killed and frozen at random while people talk to their runs: nothing is lost."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.bootstrap.app import App
from kapell.core.events.envelope import Event
from kapell.core.events.signal import SignalReceived
from kapell.core.runs.commands import Signal
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.services.runs.ports import Message
from kapell.testing.crash.invariants import broken_rules
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.site import Site, told

pytestmark = [pytest.mark.slow, pytest.mark.crash]

LEASE = 1.0

STILL = 40.0
"""Seconds without any event after which a run that has not ended is stuck."""


class Size(msgspec.Struct, frozen=True):
    """How much happens: workers, seconds of chaos, runs, signals to each."""

    workers: int
    seconds: float
    runs: int
    signals: int

    @property
    def workflow(self) -> str:
        """Return a workflow that hears so many signals and then asks a person."""
        return f"""
name: listener
steps:
  - id: hear
    loop:
      max: {self.signals}
      until: pass.number >= {self.signals}
      steps:
        - {{id: got, wait: {{signal: go}}}}
        - {{id: did, tool: crash.echo, with: {{n: "{{{{ steps.got.output.n }}}}"}}}}
  - {{id: ask, approval: {{title: "Enough?"}}}}
outputs: {{passes: "{{{{ steps.hear.output.passes }}}}", ok: "{{{{ steps.ask.output.approved }}}}"}}
"""


POSTGRES = Size(workers=3, seconds=60, runs=200, signals=49)
SQLITE = Size(workers=2, seconds=20, runs=40, signals=9)


class Chaos:
    """Workers of which one is killed or frozen every now and then."""

    def __init__(self, server: ForkServer, site: Site, chance: random.Random) -> None:
        self._server = server
        self._site = site
        self._chance = chance
        self._pids: list[int] = []
        self.killed = 0
        self.frozen = 0

    async def start(self, workers: int) -> None:
        """Begin with so many workers."""
        self._pids = [await self._one() for _ in range(workers)]

    async def _one(self) -> int:
        name = f"w{self._chance.randrange(10**9)}"
        mission = Mission(workspace=str(self._site.folder), worker=name, lease=LEASE)
        return await asyncio.to_thread(self._server.start, mission)

    async def rage(self, seconds: float) -> None:
        """Kill and freeze for so long."""
        until = monotonic() + seconds
        while monotonic() < until:
            await asyncio.sleep(self._chance.uniform(0.5, 2.0))
            place = self._chance.randrange(len(self._pids))
            pid = self._pids[place]
            if self._chance.random() < 0.5:
                os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(self._server.wait, pid)
                self._pids[place] = await self._one()
                self.killed += 1
            else:
                os.kill(pid, signal.SIGSTOP)
                await asyncio.sleep(LEASE * self._chance.uniform(1.2, 2.5))
                os.kill(pid, signal.SIGCONT)
                self.frozen += 1

    async def end(self) -> list[int]:
        """Ask the workers to leave; return how they did."""
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        return [await asyncio.to_thread(self._server.wait, pid) for pid in self._pids]


class Subscriber:
    """Reads the feed of all runs while it is written."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.seen: list[tuple[int, Event]] = []

    async def read(self) -> None:
        """Read what is new."""
        while found := await self._app.reader.feed(self.seen[-1][0] if self.seen else 0, 2000):
            self.seen.extend(found)

    async def follow(self) -> None:
        """Read until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(0.02)

    def problems(self) -> list[str]:
        """Return what was doubled, out of order, or left out within a run."""
        positions = [position for position, _ in self.seen]
        runs: dict[RunId, int] = {}
        found = []
        if positions != sorted(set(positions)):
            found.append("positions are not in order")
        if len({event.id for _, event in self.seen}) != len(self.seen):
            found.append("an event came twice")
        for _, event in self.seen:
            if event.seq != runs.get(event.run_id, 0) + 1:
                found.append(f"{event.run_id} {event.seq} after {runs.get(event.run_id, 0)}")
            runs[event.run_id] = event.seq
        return found


@asynccontextmanager
async def following(subscriber: Subscriber) -> AsyncIterator[None]:
    """Let a subscriber follow while the block lasts, and read the rest at its end."""
    task = asyncio.create_task(subscriber.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await subscriber.read()


async def talk(app: App, runs: Sequence[RunId], size: Size, chance: random.Random) -> None:
    """Send every run its signals, in any order; some twice, as unsure senders do."""
    orders = [(run, number) for run in runs for number in range(size.signals)]
    chance.shuffle(orders)
    pause = size.seconds * 0.8 / len(orders) * 32
    for start in range(0, len(orders), 32):
        began = monotonic()
        chunk = orders[start : start + 32]
        await asyncio.gather(
            *(send(app, run, number) for run, number in [*chunk, chance.choice(chunk)])
        )
        await asyncio.sleep(max(began + pause - monotonic(), 0.0))


async def send(app: App, run: RunId, number: int) -> None:
    """Put a signal into the inbox, without the look at the run that people are shown."""
    await app.store.starts.send(
        Message(
            tenant_id=app.tenant,
            run_id=run,
            key=f"s{number}",
            command=Signal("go", {"n": number}),
            actor="user:test",
        )
    )


async def release(app: App, runs: Sequence[RunId], subscriber: Subscriber) -> None:
    """Answer every run's question, until all have ended; give up when nothing happens any more."""
    left = set(runs)
    moved, seen = monotonic(), 0
    while left:
        for row in await app.reader.approvals(app.tenant):
            with suppress(KapellError):
                await app.approvals.answer(row.run_id, row.path, True)
        ended = await app.reader.runs(app.tenant, status=RunStatus.SUCCEEDED, limit=1000)
        left -= {one.run_id for one in ended}
        if len(subscriber.seen) > seen:
            moved, seen = monotonic(), len(subscriber.seen)
        if monotonic() > moved + STILL:
            raise AssertionError(await _still(app, left))
        await asyncio.sleep(0.2)


async def _still(app: App, left: set[RunId]) -> list[object]:
    """Return what is known of runs that have stopped."""
    letters = await app.reader.dead_letters(app.tenant)
    first = min(left)
    return [
        len(left),
        len(letters),
        [letter.message for letter in letters[:2]],
        await app.reader.run(app.tenant, first),
        (await told(app, first))[-20:],
    ]


async def endure(app: App, site: Site, server: ForkServer, size: Size) -> None:
    """Let everything happen at once, then hold every run against the rules."""
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)  # noqa: S311 - no secret
    chaos, subscriber = Chaos(server, site, chance), Subscriber(app)
    async with following(subscriber):
        starts = await asyncio.gather(
            *(app.starter.start("listener", {}, key=f"k{n}") for n in range(size.runs))
        )
        runs = [one.run_id for one in starts]
        await chaos.start(size.workers)
        await asyncio.gather(
            talk(app, runs, size, chance),
            chaos.rage(size.seconds),
            release(app, runs, subscriber),
        )
        assert set(await chaos.end()) == {0}
    sys.stdout.write(
        f"\nseed {seed}: {len(subscriber.seen)} events, {chaos.killed} killed, "
        f"{chaos.frozen} frozen\n"
    )
    assert subscriber.problems() == []
    effects = site.effects()
    total = 0
    for run in runs:
        events = await app.histories.events(run)
        total += len(events)
        program, _ = await app.histories.state(events)
        assert broken_rules(program, events) == []
        heard = [await app.histories.value(e.payload.payload) for e in events if _heard(e)]  # type: ignore[union-attr]  # _heard says so
        assert Counter(str(one) for one in heard) == Counter(
            str({"n": number}) for number in range(size.signals)
        )
        assert [e.type for e in events].count("approval.answered") == 1
    assert total == len(subscriber.seen)
    assert len(effects) == size.runs * size.signals
    assert not await app.reader.dead_letters(app.tenant)


def _heard(event: Event) -> bool:
    return isinstance(event.payload, SignalReceived)


@pytest.mark.requirement("DX-02", "DX-03", "DX-17", "DX-19", "MB-03")
async def test_three_workers_on_postgres_under_fire(
    postgres_site: Site, server: ForkServer
) -> None:
    postgres_site.write("listener", POSTGRES.workflow)
    async with postgres_site.open() as app:
        await endure(app, postgres_site, server, POSTGRES)


@pytest.mark.requirement("DX-02", "DX-03", "DX-17", "DX-19", "MB-03")
async def test_two_workers_on_one_file_under_fire(tmp_path: Path, server: ForkServer) -> None:
    site = Site(tmp_path / "site", f"sqlite:///{tmp_path / 'runs.db'}")
    site.write("listener", SQLITE.workflow)
    async with site.open() as app:
        await endure(app, site, server, SQLITE)


@pytest.fixture
def postgres_site(tmp_path: Path, postgres_dsn: str) -> Site:
    """Return the workspace on Postgres."""
    asyncio.run(upgrade_postgres(postgres_dsn))
    return Site(tmp_path / "site", postgres_dsn)
