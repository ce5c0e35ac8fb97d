"""An agent that fails in run after run: held for all runs, until a person has looked."""

import logging
from pathlib import Path

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.core.events.guarding.guard import BreakerTripped
from kapell.kit.ids import RunId
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.requirement("GR-09")
CLERK = """---
name: clerk
description: Answers with a number.
output: {type: object, properties: {n: {type: integer}}, required: [n]}
---
You answer with a number.
"""
FLOW = """
name: {name}
model: scripted:{name}.yaml
steps:
  - {{id: a, agent: clerk, prompt: "How many?", corrections: 0}}
  - {{id: b, set: {{n: "{{{{ steps.a.output.n }}}}"}}}}
outputs: {{n: "{{{{ steps.b.output.n }}}}"}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/clerk.md").write_text(CLERK)
    for name, answer in (("bad", "text: many"), ("good", "value: {n: 4}")):
        (tmp_path / f"workflows/{name}.yaml").write_text(FLOW.format(name=name))
        (tmp_path / f"{name}.yaml").write_text(f"answers: [{{{answer}}}]\n")
    return tmp_path


async def _ran(workspace: Path, workflow: str) -> tuple[RunId, str]:
    """Carry out a run in a program of its own: what is counted must not live in one process."""
    async with open_app(workspace) as app:
        run = (await app.starter.start(workflow, {})).run_id
        await app.run_until_idle(run)
        return run, await _status(app, run)


async def _status(app: App, run: RunId) -> str:
    return (await app.reader.run(app.tenant, run)).status.value


@pytest.mark.requirement("GR-10")
async def test_three_runs_in_a_row_hold_an_agent_until_a_person_lets_it_work(
    workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert [(await _ran(workspace, "bad"))[1] for _ in range(3)] == ["failed"] * 3
    assert "The agent clerk is held" in caplog.text
    assert "kapell breaker close clerk" in caplog.text
    run, status = await _ran(workspace, "good")
    assert status == "waiting"
    async with open_app(workspace) as app:
        assert (await app.limits.agents.standing(app.tenant, "clerk")).held
        (letter,) = await app.resolver.held(run)
        assert (letter.path, letter.code) == ("a", "agent_held")
        events = await app.histories.events(run)
        (trip,) = [e.payload for e in events if isinstance(e.payload, BreakerTripped)]
        assert (trip.scope, trip.name, trip.reason) == ("agent", "clerk", "open")
        # It is the agent that ran away, not the tenant.
        assert not (await app.limits.breaker.standing(app.tenant)).held
        assert await app.limits.agents.close(app.tenant, "clerk")
        await app.resolver.resolve(run, "resume")
        await app.run_until_idle(run)
        assert await _status(app, run) == "succeeded"


async def test_a_person_may_end_a_run_or_give_its_result_while_the_agent_is_held(
    workspace: Path,
) -> None:
    for _ in range(3):
        await _ran(workspace, "bad")
    given, _ = await _ran(workspace, "good")
    ended, _ = await _ran(workspace, "good")
    async with open_app(workspace) as app:
        await app.resolver.resolve(given, "output", value={"n": 7})
        await app.resolver.resolve(ended, "end")
        for run, status in ((given, "succeeded"), (ended, "cancelled")):
            await app.run_until_idle(run)
            assert await _status(app, run) == status


async def test_a_success_between_failures_begins_the_count_anew(workspace: Path) -> None:
    for name in ("bad", "bad", "good", "bad", "bad"):
        await _ran(workspace, name)
    async with open_app(workspace) as app:
        standing = await app.limits.agents.standing(app.tenant, "clerk")
        assert (standing.held, standing.failed) == (False, 2)


async def test_a_run_counts_once_however_often_the_agent_fails_in_it(workspace: Path) -> None:
    step = '  - {{id: {}, agent: clerk, prompt: "How many?", corrections: 0, on_error: continue}}\n'
    (workspace / "workflows/bad.yaml").write_text(
        "name: bad\nmodel: scripted:bad.yaml\nsteps:\n" + step.format("a") + step.format("b")
    )
    await _ran(workspace, "bad")
    async with open_app(workspace) as app:
        assert (await app.limits.agents.standing(app.tenant, "clerk")).failed == 1


async def test_what_providers_and_limits_refuse_is_no_failure_of_the_agent(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    flow = workspace / "workflows/bad.yaml"
    flow.write_text(flow.read_text("utf-8").replace("scripted:bad.yaml", "openai:gpt-5-mini"))
    assert (await _ran(workspace, "bad"))[1] == "failed"
    async with open_app(workspace) as app:
        assert (await app.limits.agents.standing(app.tenant, "clerk")).failed == 0


@pytest.mark.parametrize(
    "text", ["breaker: {agent: null}", "guardrails: {flags: {breaker: false}}"]
)
async def test_the_settings_may_let_agents_be(workspace: Path, text: str) -> None:
    (workspace / "kapell.yaml").write_text(f"{text}\n")
    for _ in range(3):
        await _ran(workspace, "bad")
    assert (await _ran(workspace, "good"))[1] == "succeeded"


def test_the_terminal_shows_and_frees_who_is_held_and_the_record_says_so(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    desk = Desk(workspace, capsys)
    for _ in range(2):
        desk.call("run", "bad")
    assert "the agent clerk has failed in 2 runs in a row" in desk.ok("breaker", "show").out
    desk.call("run", "bad")
    assert "held: the agent clerk has failed in 3 runs in a row" in desk.ok("breaker", "show").out
    (shown,) = desk.ok("breaker", "show", "--json").document()["agents"]
    assert (shown["agent"], shown["held"]) == ("clerk", True)
    assert "clerk works again" in desk.ok("breaker", "close", "clerk").out
    assert "closed already" in desk.ok("breaker", "close", "clerk").out
    assert desk.ok("breaker", "show", "--json").document()["agents"] == []
    record = desk.ok("audit", "show").out
    assert "breaker.opened" in record
    assert "agent clerk" in record
