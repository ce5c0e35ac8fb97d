"""Runs that the breaker or a limit of money holds, from the first look to the end."""

import json
import logging
from pathlib import Path

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.cli.main import call
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.run import RunQueued
from kapell.core.gateway.quotas import DAY, Amount, Quota, Settlement, Taken, Wanted
from kapell.kit.errors import Conflict, Denied, Invalid, Missing
from kapell.kit.ids import RunId

READING = """
name: reading
steps:
  - {id: a, tool: file.read, with: {path: first.txt}, on_error: continue}
  - {id: b, tool: file.read, with: {path: second.txt}, on_error: continue}
  - {id: c, tool: file.read, with: {path: third.txt}, on_error: continue}
  - {id: d, set: {text: "{{ steps.c.output }}"}}
outputs: {read: "{{ steps.d.output.text }}"}
"""
ASKING = """
name: asking
steps:
  - {id: a, ask: Say something.}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows/reading.yaml").write_text(READING)
    (tmp_path / "workflows/asking.yaml").write_text(ASKING)
    (tmp_path / "here.txt").write_text("some words")
    return tmp_path


def _settings(workspace: Path, text: str) -> None:
    (workspace / "kapell.yaml").write_text(f"model: offline\n{text}")


async def _ran(app: App, workflow: str) -> RunId:
    started = await app.starter.start(workflow, {})
    await app.run_until_idle(started.run_id)
    return started.run_id


async def _status(app: App, run: RunId) -> str:
    return (await app.reader.run(app.tenant, run)).status.value


@pytest.mark.requirement("GR-09", "GR-10")
async def test_a_held_run_keeps_its_state_over_a_restart_and_goes_on_with_other_arguments(
    workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with open_app(workspace) as app:
            run = await _ran(app, "reading")
    assert f"is held at c: failures of the run. Look at it: kapell runs show {run}" in (
        caplog.text
    )  # fmt: skip
    async with open_app(workspace) as app:
        assert await _status(app, run) == "waiting"
        (held,) = await app.resolver.held()
        assert (held.run_id, held.path, held.code) == (run, "c", "breaker_tripped")
        await app.resolver.resolve(run, "give", value={"path": "here.txt"}, note="it lies here")
        with pytest.raises(Conflict) as second:
            await app.resolver.resolve(run, "end")
        assert second.value.code == "escalation_answered"
        await app.run_until_idle(run)
        assert await _status(app, run) == "succeeded"
        _, state = await app.histories.state(await app.histories.events(run))
        assert "some words" in json.dumps(await app.histories.value(state.output))
        with pytest.raises(Missing):
            await app.resolver.resolve(run, "resume")


@pytest.mark.requirement("GR-10")
def test_the_terminal_shows_what_is_held_and_says_what_becomes_of_it(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--workspace", str(workspace))

    def said(*words: str) -> str:
        code = call((*place, *words))
        out = capsys.readouterr()
        assert code == 0, out
        return out.out

    assert call((*place, "run", "reading", "--quiet")) != 0
    capsys.readouterr()
    listed = said("runs", "escalations")
    assert "The run has failed 3 times in a row" in listed
    assert "kapell runs resolve" in listed
    (row,) = json.loads(said("runs", "escalations", "--json"))
    assert row["path"] == "c"
    said("runs", "resolve", "last", "c", "--output", "mine")
    assert said("runs", "list").count("succeeded") == 1
    assert said("runs", "escalations") == ""
    assert call((*place, "runs", "resolve", "last")) != 0
    assert "Give one of --resume" in capsys.readouterr().err


@pytest.mark.requirement("GR-09")
async def test_many_held_runs_close_the_door_of_their_tenant_until_a_person_has_looked(
    workspace: Path,
) -> None:
    _settings(workspace, "breaker: {tenant: 2}\n")
    async with open_app(workspace) as app:
        await _ran(app, "reading")
        assert not (await app.limits.breaker.standing(app.tenant)).open
        await _ran(app, "reading")
    async with open_app(workspace) as app:
        with pytest.raises(Denied) as refused:
            await app.starter.start("reading", {})
        assert refused.value.code == "breaker_open"
        assert "kapell breaker close" in refused.value.advice
        assert await app.limits.breaker.close(app.tenant)
        standing = await app.limits.breaker.standing(app.tenant)
        assert (standing.open, standing.held) == (False, 0)
        await app.starter.start("reading", {})
        assert not await app.limits.breaker.close(app.tenant)


async def test_without_a_breaker_a_run_goes_on_over_its_failures(workspace: Path) -> None:
    _settings(workspace, "guardrails: {flags: {breaker: false}}\n")
    async with open_app(workspace) as app:
        assert await _status(app, await _ran(app, "reading")) == "succeeded"


@pytest.mark.requirement("GR-07", "DE-05", "GR-10")
async def test_a_run_without_room_in_a_limit_of_money_waits_until_it_is_raised(
    workspace: Path,
) -> None:
    prices = "prices: {offline: {input: 100, output: 100}}\n"
    _settings(workspace, f"{prices}limits: {{cost: {{conversation: 0.01}}}}\n")
    async with open_app(workspace) as app:
        run = await _ran(app, "asking")
        assert await _status(app, run) == "waiting"
        (held,) = await app.resolver.held(run)
        assert held.code == "cost_limit"
        assert "The cost limit of conversation" in held.message
        assert not (await app.limits.breaker.standing(app.tenant)).held
    _settings(workspace, f"{prices}limits: {{cost: {{conversation: 2}}}}\n")
    async with open_app(workspace) as app:
        await app.resolver.resolve(run, "resume")
        await app.run_until_idle(run)
        assert await _status(app, run) == "succeeded"


async def test_a_whole_run_has_no_words_of_its_own(workspace: Path) -> None:
    _settings(workspace, "breaker: {calls: 1}\n")
    (workspace / "workflows/asking.yaml").write_text(
        f"{ASKING}  - {{id: b, ask: Say more.}}\n  - {{id: c, ask: And more.}}\n"
    )
    async with open_app(workspace) as app:
        run = await _ran(app, "asking")
        (held,) = await app.resolver.held(run)
        assert held.path == ""
        with pytest.raises(Invalid) as refused:
            await app.resolver.resolve(run, "give", value="x")
        assert refused.value.code == "escalation_whole"
        await app.resolver.resolve(run, "end")
        await app.run_until_idle(run)
        assert await _status(app, run) == "cancelled"


@pytest.mark.requirement("GR-07", "GR-06")
async def test_a_policy_file_raises_and_lowers_limits_of_money(workspace: Path) -> None:
    prices = "prices: {offline: {input: 100, output: 100}}\n"
    _settings(workspace, f"{prices}limits: {{cost: {{conversation: 0.01}}}}\n")
    rules = workspace / "policies/budget.rego"
    rules.parent.mkdir()
    rule = 'limit contains {{"per": "conversation", "usd": {}}} if {{ input.subject == "{}" }}\n'
    head = "package kapell.budget\n\nimport rego.v1\n\n"
    rules.write_text(head + rule.format("2", "user:local") + rule.format("0.01", "user:ben"))
    async with open_app(workspace) as app:
        assert await _status(app, await _ran(app, "asking")) == "succeeded"
    async with open_app(workspace, actor="user:ben") as app:
        assert await _status(app, await _ran(app, "asking")) == "waiting"
    strictly = rule.format("2", "strict").replace("input.subject", "input.profile")
    rules.write_text(head + strictly)
    async with open_app(workspace) as app:
        assert await _status(app, await _ran(app, "asking")) == "waiting"
    _settings(
        workspace,
        f"{prices}limits: {{cost: {{conversation: 0.01}}}}\nguardrails: {{profile: strict}}\n",
    )
    async with open_app(workspace) as app:
        assert await _status(app, await _ran(app, "asking")) == "succeeded"
    rules.write_text(head + rule.format('"much"', "user:local"))
    async with open_app(workspace) as app:
        run = await _ran(app, "asking")
        (letter,) = await app.reader.dead_letters(app.tenant, run)
        assert letter.code == "policy_failed"


async def _spent_before(app: App, usd: int) -> None:
    """Count what the user of this terminal spent on each of five days before today."""
    want = Wanted(scope="user=user:local", quota=Quota(per="user", every=DAY))
    taken = await app.limits.counts.take(app.tenant, [want], Amount())
    assert isinstance(taken, Taken)
    days = [Settlement([want], taken.at - back * DAY, Amount(1, 1, usd)) for back in range(1, 6)]
    await app.limits.counts.settle(app.tenant, days)


async def _days(app: App, run: RunId) -> list[BudgetAlerted]:
    events = await app.histories.events(run)
    alerts = [one.payload for one in events if isinstance(one.payload, BudgetAlerted)]
    return [one for one in alerts if one.reason == "day"]


@pytest.mark.requirement("GR-07")
async def test_a_day_out_of_habit_is_told_to_people_once(
    workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prices = "prices: {offline: {input: 100, output: 100}}\n"
    _settings(workspace, f"{prices}limits: {{cost: {{user: null, notable: 0}}}}\n")
    with caplog.at_level(logging.WARNING):
        async with open_app(workspace) as app:
            await _spent_before(app, 1000)
            first, second = await _ran(app, "asking"), await _ran(app, "asking")
            (alert,) = await _days(app, first)
            assert (alert.whose, alert.limit, alert.every) == ("user=user:local", 1000, DAY)
            assert alert.used > 3000
            assert await _days(app, second) == []
        async with open_app(workspace) as app:  # another process knows that it was told
            assert await _days(app, await _ran(app, "asking")) == []
    assert caplog.text.count("The user user:local has spent") == 1


@pytest.mark.requirement("GR-07", "GR-06")
async def test_a_policy_file_says_what_is_out_of_habit(workspace: Path) -> None:
    prices = "prices: {offline: {input: 100, output: 100}}\n"
    _settings(workspace, f"{prices}limits: {{cost: {{notable: 0}}}}\n")
    rules = workspace / "policies/budget.rego"
    rules.parent.mkdir()
    rules.write_text(
        "package kapell.budget\n\nimport rego.v1\n\n"
        'limit contains {"per": "user", "unusual": null} if { input.subject == "user:local" }\n'
    )
    async with open_app(workspace) as app:
        await _spent_before(app, 1000)
        assert await _days(app, await _ran(app, "asking")) == []
        rules.write_text(rules.read_text("utf-8").replace("null", "2"))
    async with open_app(workspace) as app:
        assert len(await _days(app, await _ran(app, "asking"))) == 1


@pytest.mark.requirement("GR-09")
async def test_what_a_run_began_counts_with_it_and_has_what_is_left(workspace: Path) -> None:
    (workspace / "workflows/part.yaml").write_text(ASKING.replace("asking", "part"))
    (workspace / "workflows/whole.yaml").write_text(
        "name: whole\nsteps:\n  - {id: a, ask: Say something.}\n"
        "  - {id: b, workflow: part, detached: true}\n  - {id: c, workflow: part, detached: true}\n"
    )
    _settings(workspace, "breaker: {calls: 5, runs: 1}\n")
    async with open_app(workspace) as app:
        run = await _ran(app, "whole")
        (held,) = await app.resolver.held(run)
        assert "have made 1 runs" in held.message
        (child,) = await app.reader.children(app.tenant, run)
        first = (await app.histories.events(child.run_id))[0].payload
        assert isinstance(first, RunQueued)
        assert first.breaker is not None
        assert (first.breaker.calls, first.breaker.runs) == (4, 0)
        _, state = await app.histories.state(await app.histories.events(run))
        assert (state.breaking.calls, state.breaking.runs) == (2, 1)
        await app.resolver.resolve(run, "resume")
        await app.run_until_idle(run)
        assert await _status(app, run) == "succeeded"


async def test_an_imported_run_is_held_as_this_workspace_says(workspace: Path) -> None:
    _settings(workspace, "guardrails: {flags: {breaker: false}}\n")
    async with open_app(workspace) as app:
        file = await app.porter.export((await app.starter.start("reading", {})).run_id)
    _settings(workspace, f"database: {{url: 'sqlite:///{workspace}/other.db'}}\n")
    async with open_app(workspace) as app:
        run = await app.porter.load(file)
        await app.run_until_idle(run)
        (held,) = await app.resolver.held(run)
        assert held.code == "breaker_tripped"
