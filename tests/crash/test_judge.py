"""Killed at every append around a judgement, a run judges each answer once, and uses it once."""

import asyncio
import signal
from contextlib import suppress

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.model import ModelAnswered, ModelJudged, ModelRequested
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.conftest import Provider
from tests.crash.site import Site, bury, check, finish, outcome

pytestmark = [pytest.mark.slow, pytest.mark.crash]

# The loopback provider takes every number it reads for a sentence: no other numbers here.
JUDGED = """
name: judged
model: openai:gpt-4o-mini
budget: {usd: 1}
steps:
  - id: reply
    ask: "Say how long the bridge is."
    grounded:
      sources: ["Say how long the bridge is. The bridge is very long."]
      on_failure: ask
      judge: openai:gpt-4o-mini
  - {id: after, tool: crash.echo, with: {text: "{{ steps.reply.output }}"}}
outputs: {text: "{{ steps.after.output.text }}"}
"""


async def _agree(app: App, run: RunId) -> None:
    """Let the flagged answer pass."""
    while True:
        for row in await app.approvals.list(run):
            with suppress(KapellError):
                await app.approvals.answer(run, row.path, True)
        await asyncio.sleep(0.01)


async def _killed(
    app: App, site: Site, server: ForkServer, kill: str, at: int
) -> tuple[bool, Json, list[tuple[str, float | None]]]:
    """Kill a worker at an append; return whether it came to that, the outcome, the judgements."""
    run = (await app.starter.start("judged", {})).run_id
    name = f"victim-{kill}-{at}"
    mission = Mission(
        workspace=str(site.folder),
        worker=name,
        until=run,
        **({"kill": kill, "at": at} if kill else {}),  # type: ignore[arg-type]  # its fields
    )
    people = asyncio.create_task(_agree(app, run))
    try:
        code = await server.run(mission)
        assert code in {0, -signal.SIGKILL}
        await bury(app, name)
        await finish(app, site, run)
    finally:
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
    events = [event.payload for event in await app.histories.events(run)]
    asked = [one for one in events if isinstance(one, ModelRequested) and one.judges]
    assert len({one.key for one in asked}) == 1, "a judgement made again is the same call"
    assert [one.judges for one in events if isinstance(one, ModelAnswered) if not one.unjudged] == [
        asked[0].judges
    ]
    found = [one for one in events if isinstance(one, ModelJudged)]
    await check(app, site, run, {}, site.effects())
    judged = [(one.without, one.score) for one in found]
    return code != 0, await outcome(app, run), judged


@pytest.mark.requirement("GR-08", "DX-07")
async def test_a_worker_killed_at_every_append_around_a_judgement(
    site: Site, server: ForkServer, provider: Provider
) -> None:
    site.write("judged", JUDGED)
    async with site.open() as app:
        _, whole, verdicts = await _killed(app, site, server, "", 0)
        assert isinstance(whole, list)
        assert whole[0] == "succeeded"
        assert [(without, score is None) for without, score in verdicts] == [("", False)]
        number, killed = 0, True
        while killed:
            number += 1
            for kill in ("before", "after"):
                killed, got, judged = await _killed(app, site, server, kill, number)
                assert (got, judged) == (whole, verdicts), f"killed {kill} append {number}"
        assert number > 4
    del provider
