"""Killed at any append of its ten turns, an agent goes on in the turn it had come to."""

import os
import random
import signal
import sys
from collections import Counter

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.model import ModelAnswered, ModelRequested
from kapell.core.events.tool import ToolRequested
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.crash.invariants import broken_rules
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import ForkServer
from tests.crash.site import Site, bury, family, finish, outcome, told

pytestmark = [pytest.mark.slow, pytest.mark.crash]

TURNS = 10
ASKED = 5
"""The turn in which the agent asks another one."""

BOSS = "---\nname: boss\ntools: [crash.echo, agent.aide]\n---\nYou lead.\n"
AIDE = "---\nname: aide\ntools: [crash.echo]\n---\nYou help.\n"
LEAD = """\
name: lead
model: scripted:answers.yaml
budget: {usd: 1}
steps: [{id: lead, agent: boss, prompt: Lead.}]
outputs: {said: "{{ steps.lead.output }}"}
"""


def answers() -> str:
    """Return what the model says: two tools a turn, once another agent, then the end."""
    lines = ["answers:"]
    for turn in range(1, TURNS):
        asks = [f"{{tool: crash.echo, args: {{turn: {turn}, side: {side}}}}}" for side in "lr"]
        if turn == ASKED:
            asks[0] = "{tool: agent.aide, args: {task: Help.}}"
        lines.append(f'  - {{label: "lead#*", turn: {turn}, asks: [{", ".join(asks)}]}}')
    lines += [
        f'  - {{label: "lead#*", turn: {TURNS}, text: All is done.}}',
        '  - {label: "aide#*", turn: 1, asks: [{tool: crash.echo, args: {help: 1}}]}',
        '  - {label: "aide#*", turn: 2, text: It is done.}',
    ]
    return "\n".join(lines)


async def killed(app: App, site: Site, server: ForkServer, kill: str, at: int) -> tuple[bool, Json]:
    """Kill a worker at an append and let another go on; return whether it came to that."""
    run = (await app.starter.start("lead", {})).run_id
    victim = f"victim-{kill}-{at}"
    mission = Mission(
        workspace=str(site.folder),
        worker=victim,
        until=run,
        kill=kill,  # type: ignore[arg-type]  # before or after
        at=at,
    )
    code = await server.run(mission)
    assert code in {0, -signal.SIGKILL}
    await bury(app, victim)
    await finish(app, site, run)
    await held(app, site, run)
    return code != 0, await outcome(app, run)


async def held(app: App, site: Site, run: RunId) -> None:
    """Hold a run and those it began against the rules: no turn is asked for twice."""
    effects = site.effects()
    runs = await family(app, run)
    assert len(runs) == 2
    answered: Counter[str] = Counter()
    called: set[str] = set()
    for one in runs:
        events = await app.histories.events(one)
        program, _ = await app.histories.state(events)
        assert broken_rules(program, events) == []
        asked = Counter(e.payload.key for e in events if isinstance(e.payload, ModelRequested))
        keys = {e.payload.call: e.payload.key for e in events if type(e.payload) is ModelRequested}
        answered.update(keys[e.payload.call] for e in events if type(e.payload) is ModelAnswered)
        # Only what was in flight when the worker was killed is asked for once more.
        assert asked.total() - len(asked) <= 1, await told(app, one)
        wanted = Counter(e.payload.key for e in events if isinstance(e.payload, ToolRequested))
        for key, times in wanted.items():
            assert 1 <= effects[key] <= times, (key, await told(app, one))
        called.update(wanted)
    assert set(answered.values()) == {1}
    # A call that is made again has the key it had: tools and providers can tell it is one.
    assert (len(answered), len(called)) == (TURNS + 2, 2 * (TURNS - 1))


@pytest.mark.requirement("DE-13", "DX-07", "DX-17", "AG-13")
async def test_an_agent_killed_at_any_append_goes_on_in_its_turn(
    site: Site, server: ForkServer
) -> None:
    site.write("lead", LEAD)
    (site.folder / "agents" / "boss.md").write_text(BOSS, "utf-8")
    (site.folder / "agents" / "aide.md").write_text(AIDE, "utf-8")
    (site.folder / "answers.yaml").write_text(answers(), "utf-8")
    seed = int.from_bytes(os.urandom(4), "big")
    sys.stdout.write(f"\nseed {seed}\n")
    choice = random.Random(seed)  # noqa: S311 - which side of an append it is killed on
    async with site.open() as app:
        number, going = 0, True
        while going:
            number += 1
            kill = choice.choice(["before", "after"])
            going, got = await killed(app, site, server, kill, number)
            assert got == ["succeeded", "", {"said": "All is done."}], f"{kill} append {number}"
        assert number > 2 * TURNS
        sys.stdout.write(f"killed at {number - 1} appends\n")
