"""What-if, repair and moving house: runs made from runs."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.bootstrap.app import App
from kapell.core.events.codec import dump
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Conflict, Missing
from kapell.kit.ids import RunId
from kapell.services.tools.ports import Tool
from kapell.testing.tools.doubles import CountingTool, FlakyTool, NoopTool, SlowTool
from tests.integration.runs.shop import Shop, folded, output, reached, said, started, working

CHAIN = """
inputs: {n: {type: number, default: 1}}
steps:
  - {id: a, tool: test.noop, with: {n: "{{ inputs.n }}"}}
  - {id: b, tool: test.counting, with: {n: "{{ steps.a.output.n + 1 }}"}}
  - {id: c, set: {n: "{{ steps.a.output.n + 10 }}"}}
outputs: {n: "{{ steps.c.output.n }}", calls: "{{ steps.b.output.number }}"}
"""
DEAD = """
on_failure: hold
steps:
  - {id: bad, tool: test.flaky, with: {n: 1}}
outputs: {n: "{{ steps.bad.output.n }}"}
"""
LOOP = """
steps:
  - id: many
    loop:
      max: 400
      until: pass.number >= 400
      steps: [{id: one, tool: test.noop, with: {n: "{{ pass.number }}"}}]
  - {id: ask, approval: {title: "On?"}}
outputs: {n: "{{ steps.many.output.passes }}"}
"""


@pytest.mark.requirement("DX-08", "WF-08")
async def test_a_fork_begins_at_a_step_with_other_inputs_or_another_result(any_shop: Shop) -> None:
    any_shop.workflow("chain", CHAIN)
    tools: dict[str, Tool] = {"test.noop": NoopTool(), "test.counting": CountingTool()}
    async with any_shop.open(tools) as app, working(app):
        run = await started(app, "chain")
        assert await output(app, run) == {"n": 11, "calls": 1}
        again = await app.forker.fork(run, at="b")
        assert await output(app, again) == {"n": 11, "calls": 2}
        changed = await app.forker.fork(run, at="a", inputs={"n": 5})
        assert await output(app, changed) == {"n": 15, "calls": 3}
        other = await app.forker.fork(run, at="a", output={"n": 100})
        assert await output(app, other) == {"n": 110, "calls": 4}
        assert (await app.reader.run(app.tenant, other)).forked_from == run


@pytest.mark.requirement("DX-08")
async def test_a_fork_does_not_repeat_what_must_not_be_repeated(any_shop: Shop) -> None:
    any_shop.workflow("chain", CHAIN)
    tool = CountingTool(repeatable=False)
    async with any_shop.open({"test.noop": NoopTool(), "test.counting": tool}) as app, working(app):
        run = await started(app, "chain")
        await output(app, run)
        with pytest.raises(Conflict) as caught:
            await app.forker.fork(run, at="b")
        assert caught.value.code == "fork_repeats_external"
        later = await app.forker.fork(run, at="c")
        assert await output(app, later) == {"n": 11, "calls": 1}
        allowed = await app.forker.fork(run, at="b", repeat_external=True)
        assert await output(app, allowed) == {"n": 11, "calls": 2}


@pytest.mark.requirement("DX-08")
async def test_a_fork_does_not_repeat_a_call_that_is_under_way(any_shop: Shop) -> None:
    any_shop.workflow(
        "both",
        """
steps:
  - {id: pay, tool: test.slow, with: {n: 1}}
  - {id: b, depends_on: [], tool: test.noop, with: {n: 2}}
  - {id: c, depends_on: [b], set: {n: 3}}
outputs: {n: "{{ steps.pay.output.n }}"}
""",
    )
    tool = SlowTool(repeatable=False)
    async with any_shop.open({"test.noop": NoopTool(), "test.slow": tool}) as app, working(app):
        run = await started(app, "both")
        await tool.begun.wait()
        for at in (None, "b"):
            with pytest.raises(Conflict) as caught:
                await app.forker.fork(run, at=at)
            assert caught.value.code == "fork_repeats_external"
        allowed = await app.forker.fork(run, at="b", repeat_external=True)
        tool.release.set()
        assert await output(app, allowed) == {"n": 1}
        assert await output(app, run) == {"n": 1}
        assert await output(app, await app.forker.fork(run)) == {"n": 1}


@pytest.mark.requirement("WF-08")
async def test_a_fork_is_adopted_again_after_another_was(any_shop: Shop) -> None:
    any_shop.workflow("chain", CHAIN)
    tools: dict[str, Tool] = {"test.noop": NoopTool(), "test.counting": CountingTool()}
    async with any_shop.open(tools) as app, working(app):
        run = await started(app, "chain")
        await output(app, run)
        one = await app.forker.fork(run, at="a", inputs={"n": 5})
        other = await app.forker.fork(run, at="a", inputs={"n": 6})
        for number, (fork, n) in enumerate(((one, 15), (other, 16), (one, 15)), 2):
            await reached(app, fork)
            await app.forker.merge(run, fork)
            await _generation(app, run, number)
            merged = await output(app, run)
            assert isinstance(merged, dict)
            assert merged["n"] == n


@pytest.mark.requirement("WF-08")
async def test_a_restart_has_the_same_inputs_and_a_merge_adopts_the_fork(any_shop: Shop) -> None:
    any_shop.workflow("chain", CHAIN)
    tools: dict[str, Tool] = {"test.noop": NoopTool(), "test.counting": CountingTool()}
    async with any_shop.open(tools) as app, working(app):
        run = await started(app, "chain", {"n": 3})
        await output(app, run)
        assert await output(app, await app.forker.restart(run)) == {"n": 13, "calls": 2}
        fork = await app.forker.fork(run, at="a", inputs={"n": 7})
        assert await output(app, fork) == {"n": 17, "calls": 3}
        await app.forker.merge(run, fork)
        await _generation(app, run, 2)
        assert await output(app, run) == {"n": 17, "calls": 3}
        with pytest.raises(Conflict) as caught:
            await app.forker.merge(fork, run)
        assert caught.value.code == "merge_foreign"


async def _generation(app: App, run: RunId, wanted: int) -> None:
    async with asyncio.timeout(20):
        while True:
            if (await app.reader.run(app.tenant, run)).generation == wanted:
                return
            await asyncio.sleep(0.01)


@pytest.mark.requirement("DX-06", "WF-08")
async def test_a_held_run_is_repaired_with_a_result_or_tried_again(any_shop: Shop) -> None:
    any_shop.workflow("dead", DEAD)
    async with any_shop.open({"test.flaky": FlakyTool(failures=1)}) as app, working(app):
        repaired, retried = await started(app, "dead"), await started(app, "dead")
        for run in (repaired, retried):
            await reached(app, run, RunStatus.WAITING)
        assert {row.path for row in await app.reader.dead_letters(app.tenant)} == {"bad"}
        with pytest.raises(Missing):
            await app.teller.retry(repaired, "other")
        await app.teller.repair(repaired, "bad", {"n": 9})
        assert await output(app, repaired) == {"n": 9}
        await app.teller.retry(retried)
        await said(app, retried, "run.repaired")


@pytest.mark.postgres
@pytest.mark.requirement("DX-07", "DX-11")
async def test_a_run_moves_between_databases_and_folds_alike(shop: Shop, elsewhere: Shop) -> None:
    for one in (shop, elsewhere):
        one.workflow("loop", LOOP)
    tools = {"test.noop": NoopTool()}
    async with shop.open(tools) as here, elsewhere.open(tools) as there:
        async with working(here):
            run = await started(here, "loop")
            await reached(here, run, RunStatus.WAITING)
        file = await here.porter.export(run)
        assert await there.porter.load(file) == run
        mine, brought = _unpacked(file), _unpacked(await there.porter.export(run))
        first, believed = mine["events"].pop(0), brought["events"].pop(0)
        assert mine == brought
        # What came from elsewhere is the word of strangers, and says so; all else is as it was.
        assert believed != first
        assert _payload(believed) == _payload(first)
        # All but the first say the same: that one names the workspace.
        logs = [
            [dump(e.payload) for e in (await app.histories.events(run))[1:]]
            for app in (here, there)
        ]
        assert logs[0] == logs[1]
        with pytest.raises(Conflict):
            await there.porter.load(file)
        assert [row.path for row in await there.reader.approvals(there.tenant)] == ["ask"]
        outputs = []
        for app in (here, there):
            async with working(app):
                await app.approvals.answer(run, "ask", True)
                outputs.append(await output(app, run))
        assert outputs == [{"n": 400}, {"n": 400}]


def _unpacked(file: bytes) -> dict[str, Any]:
    return dict(json.loads(gzip.decompress(file)))


def _payload(line: Any) -> dict[str, Any]:
    """Return what the line of an event says, without where it comes from."""
    said = json.loads(line["payload"])
    return {key: value for key, value in said.items() if key not in ("labels", "label", "imported")}


@pytest.fixture
def elsewhere(tmp_path: Path, postgres_dsn: str) -> Shop:
    """Return a workspace on Postgres."""
    asyncio.run(upgrade_postgres(postgres_dsn))
    return Shop(tmp_path / "elsewhere", postgres_dsn)


@pytest.mark.requirement("DX-07")
async def test_results_of_cached_steps_are_used_again(any_shop: Shop) -> None:
    any_shop.workflow(
        "cached",
        "steps:\n  - {id: a, tool: test.counting, with: {n: 1}, cache: {ttl: 1h}}\n"
        "outputs: {n: '{{ steps.a.output.number }}'}\n",
    )
    tool = CountingTool()
    async with any_shop.open({"test.counting": tool}) as app, working(app):
        for _ in range(3):
            assert await output(app, await started(app, "cached")) == {"n": 1}
        assert tool.calls.total() == 1
        state = await folded(app, (await app.reader.run(app.tenant, "last")).run_id)
        assert state.usd == 0
