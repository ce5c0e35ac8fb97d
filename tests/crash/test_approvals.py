"""Killed at every append around what people are asked, a run calls what they let through, once."""

import asyncio
import signal
from contextlib import suppress

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.tool import ToolHeld, ToolRequested, ToolReturned
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.conftest import Provider
from tests.crash.site import Site, bury, check, finish, outcome

pytestmark = [pytest.mark.slow, pytest.mark.crash]

HELD = """
name: held
steps:
  - {id: first, tool: crash.echo, with: {n: 1}}
  - {id: act, agent: actor, model: "openai:calls-3", prompt: "Act, then tell."}
outputs: {n: "{{ steps.first.output.n }}", text: "{{ steps.act.output }}"}
"""
POLICY = """package kapell.tool

import rego.v1

ask contains {"rule": "echo", "reason": "It echoes."} if input.tool.name == "crash.echo"
"""


async def _agree(app: App, run: RunId) -> None:
    """Let through whatever is asked, the first call with another number."""
    while True:
        for row in await app.approvals.list(run):
            data: Json = {"n": 7} if row.step == "first" else None
            with suppress(KapellError):
                await app.approvals.answer(run, row.path, True, data=data)
        await asyncio.sleep(0.01)


async def _killed(
    app: App, site: Site, server: ForkServer, kill: str, at: int
) -> tuple[bool, Json]:
    """Kill a worker at an append; return whether it came to that, and the outcome of the run."""
    run = (await app.starter.start("held", {})).run_id
    agreeing = asyncio.create_task(_agree(app, run))
    try:
        name = f"victim-{kill}-{at}"
        mission = Mission(
            workspace=str(site.folder),
            worker=name,
            until=run,
            **({"kill": kill, "at": at} if kill else {}),  # type: ignore[arg-type]  # its fields
        )
        code = await server.run(mission)
        assert code in {0, -signal.SIGKILL}
        await bury(app, name)
        await finish(app, site, run)
    finally:
        agreeing.cancel()
        await asyncio.gather(agreeing, return_exceptions=True)
    events = [event.payload for event in await app.histories.events(run)]
    held = {one.call for one in events if isinstance(one, ToolHeld)}
    made = {one.call for one in events if isinstance(one, ToolRequested) if one.approved}
    returned = [one.call for one in events if isinstance(one, ToolReturned)]
    assert not held & made
    assert set(returned) <= made, "something was called that nobody let through"
    assert len(returned) == len(set(returned)) == 3
    await check(app, site, run, {}, site.effects())
    return code != 0, await outcome(app, run)


@pytest.mark.requirement("WF-11", "GR-10", "DX-07")
async def test_a_worker_killed_at_every_append_around_a_question(
    site: Site, server: ForkServer, provider: Provider
) -> None:
    del provider
    site.write("held", HELD)
    (site.folder / "policies").mkdir()
    (site.folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    async with site.open() as app:
        _, whole = await _killed(app, site, server, "", 0)
        assert isinstance(whole, list)
        assert whole[0] == "succeeded"
        number, killed = 0, True
        while killed:
            number += 1
            for kill in ("before", "after"):
                killed, got = await _killed(app, site, server, kill, number)
                assert got == whole, f"killed {kill} append {number}"
        assert number > 12
