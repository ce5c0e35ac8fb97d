"""Killed around a reminder, an escalation or an answer, a run asks on and hears each once."""

import asyncio
import multiprocessing
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalReminded,
)
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.ports import Message, RunStarts
from kapell.testing.crash.invariants import broken_rules
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.conftest import Provider
from tests.crash.site import Site, bury, finish, outcome
from tests.crash.slow import tools

pytestmark = [pytest.mark.slow, pytest.mark.crash]

HELD = """
name: held
steps: [{id: act, tool: crash.echo, with: {n: 1}}]
outputs: {n: "{{ steps.act.output.n }}"}
"""
POLICY = """package kapell.tool

import rego.v1

ask contains {
    "rule": "echo",
    "reason": "It echoes.",
    "approvers": ["user:ann"],
    "remind": 0.05,
    "escalate_after": 0.12,
    "escalate_to": "user:chief",
} if input.tool.name == "crash.echo"
"""


class DeadlyStarts:
    """Ends its process by SIGKILL just before, or just after, an answer is durable."""

    def __init__(self, starts: RunStarts, kill: str) -> None:
        self._starts = starts
        self._kill = kill

    def __getattr__(self, name: str) -> object:
        return getattr(self._starts, name)

    async def send(self, message: Message) -> bool:
        """Send it, and die."""
        if self._kill == "after":
            await self._starts.send(message)
        os.kill(os.getpid(), signal.SIGKILL)
        return False


def answering(folder: str, run: str, kill: str) -> None:
    """Answer in a process of its own, and die of it."""

    async def answer() -> None:
        async with open_app(Path(folder), extra_tools=tools()) as app:
            app.approvals._starts = DeadlyStarts(app.store.starts, kill)  # type: ignore[assignment]  # the rest is the real one's
            (row,) = await app.approvals.list(RunId(run))
            await app.approvals.answer(RunId(run), row.path, True, data={"n": 7}, by="ann")

    asyncio.run(answer())


@pytest.fixture
def asking(site: Site, provider: Provider) -> Site:
    """Return a workspace whose one call waits for people, who are reminded soon."""
    del provider
    site.write("held", HELD)
    (site.folder / "policies").mkdir()
    (site.folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    return site


async def _agree(app: App, run: RunId) -> None:
    """Let the call through, as the one who is asked last of all."""
    while True:
        for row in await app.approvals.list(run):
            if row.standing.escalated and row.standing.reminded:
                with suppress(KapellError):
                    await app.approvals.answer(run, row.path, True, by="chief")
        await asyncio.sleep(0.01)


async def _killed(
    app: App, site: Site, server: ForkServer, kill: str, at: int
) -> tuple[bool, Json]:
    """Kill a worker at an append; return whether it came to that, and the outcome of the run."""
    run = (await app.starter.start("held", {})).run_id
    people = asyncio.create_task(_agree(app, run))
    try:
        name = f"victim-{kill}-{at}"
        more: dict[str, object] = {"kill": kill, "at": at} if kill else {}
        mission = Mission(workspace=str(site.folder), worker=name, until=run, **more)  # type: ignore[arg-type]  # its fields
        code = await server.run(mission)
        assert code in {0, -signal.SIGKILL}
        await bury(app, name)
        await finish(app, site, run)
    finally:
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
    events = [event.payload for event in await app.histories.events(run)]
    numbers = [one.number for one in events if isinstance(one, ApprovalReminded)]
    assert numbers
    assert numbers == sorted(set(numbers)), "somebody was reminded twice of the same"
    assert sum(isinstance(one, ApprovalEscalated) for one in events) == 1
    assert sum(isinstance(one, ApprovalAnswered) for one in events) == 1
    program, _ = await app.histories.state(await app.histories.events(run))
    assert broken_rules(program, await app.histories.events(run)) == []
    return code != 0, await outcome(app, run)


@pytest.mark.requirement("GR-10", "WF-11", "DX-07")
async def test_a_worker_killed_at_every_append_around_a_reminder(
    asking: Site, server: ForkServer
) -> None:
    async with asking.open() as app:
        _, whole = await _killed(app, asking, server, "", 0)
        assert whole == ["succeeded", "", {"n": 1}]
        for number in range(1, 8):
            for kill in ("before", "after"):
                _, got = await _killed(app, asking, server, kill, number)
                assert got == whole, f"killed {kill} append {number}"


@pytest.mark.requirement("GR-10", "WF-11", "DX-07")
@pytest.mark.parametrize("kill", ["before", "after"])
async def test_an_answer_whose_process_is_killed_counts_once_or_not_at_all(
    asking: Site, kill: str
) -> None:
    async with asking.open() as app:
        run = (await app.starter.start("held", {})).run_id
        await app.run_until_idle(run)
        process = multiprocessing.get_context("spawn").Process(
            target=answering, args=(str(asking.folder), run, kill)
        )
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode == -signal.SIGKILL
        (row,) = await app.approvals.list(run)
        again = await app.approvals.answer(run, row.path, True, data={"n": 7}, by="ann")
        assert again == (kill == "before"), "who asks again is told whether it was there"
        await finish(app, asking, run)
        assert await outcome(app, run) == ["succeeded", "", {"n": 7}]
        events = [event.payload for event in await app.histories.events(run)]
        assert sum(isinstance(one, ApprovalAnswered) for one in events) == 1
        assert sum(asking.effects().values()) == 1
