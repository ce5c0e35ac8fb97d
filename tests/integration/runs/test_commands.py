"""People and timers act on runs, owned or not, once each."""

import asyncio

import pytest

from kapell.core.events.run import RunCancelled
from kapell.core.events.step import StepStarted
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Conflict
from kapell.testing.tools.doubles import CountingTool, SlowTool
from tests.integration.runs.shop import (
    Shop,
    facts,
    output,
    reached,
    said,
    started,
    types,
    until,
    working,
)

TIMER = """
steps:
  - {id: a, wait: {for: 200ms}}
outputs: {at: "{{ steps.a.output.at }}"}
"""
ECHO = """
inputs: {text: {type: string, default: hello}}
steps:
  - {id: one, set: {said: "{{ inputs.text }}"}}
outputs: {said: "{{ steps.one.output.said }}"}
"""
SLOW = """
steps:
  - {id: one, tool: test.slow, with: {a: 1}}
outputs: {got: "{{ steps.one.output }}"}
"""
ASKING = """
steps:
  - {id: ask, approval: {title: "Go on?", data: {n: 1}, edit: [n]}}
outputs: {yes: "{{ steps.ask.output.approved }}", n: "{{ steps.ask.output.data.n }}"}
"""
PAIR = """
steps:
  - id: both
    parallel:
      work: [{id: slow, tool: test.slow, with: {a: 1}}]
      ask: [{id: ask, approval: {title: "Go on?"}}]
outputs: {got: "{{ steps.both.output }}"}
"""


@pytest.mark.requirement("WF-08", "DX-20")
async def test_a_started_run_reaches_its_result(any_shop: Shop) -> None:
    any_shop.workflow("echo", ECHO)
    async with any_shop.open() as app:
        run = await started(app, "echo", {"text": "hi"})
        assert (await app.reader.run(app.tenant, run)).status is RunStatus.QUEUED
        async with working(app):
            assert await output(app, run) == {"said": "hi"}


@pytest.mark.requirement("DX-02")
async def test_a_key_stands_for_one_request(any_shop: Shop) -> None:
    any_shop.workflow("echo", ECHO)
    async with any_shop.open() as app:
        first = await app.starter.start("echo", {"text": "a"}, key="k")
        again = await app.starter.start("echo", {"text": "a"}, key="k")
        assert (again.run_id, again.created) == (first.run_id, False)
        with pytest.raises(Conflict) as caught:
            await app.starter.start("echo", {"text": "b"}, key="k")
        assert caught.value.code == "key_reused"
        assert len(await app.reader.runs(app.tenant)) == 1


async def test_files_given_as_inputs_are_kept_as_artifacts(shop: Shop) -> None:
    shop.workflow(
        "table",
        "inputs: {rows: {type: file}}\nsteps:\n"
        '  - {id: load, tool: table.read, with: {path: "{{ inputs.rows }}"}}\n'
        "outputs: {count: '{{ steps.load.output.rows | length }}'}\n",
    )
    file = shop.folder / "rows.csv"
    file.write_text("id,text\n1,a\n2,b\n", "utf-8")
    async with shop.open() as app:
        run = await started(app, "table", {"rows": "rows.csv"})
        file.unlink()
        async with working(app):
            assert await output(app, run) == {"count": 2}


@pytest.mark.requirement("WF-08")
async def test_a_run_is_cancelled_before_anybody_claims_it(any_shop: Shop) -> None:
    any_shop.workflow("echo", ECHO)
    async with any_shop.open() as app:
        run = await started(app, "echo")
        await app.teller.cancel(run, "not needed")
        async with working(app):
            assert (await reached(app, run)).status is RunStatus.CANCELLED
        assert not await facts(app, run, StepStarted)
        with pytest.raises(Conflict):
            await app.teller.cancel(run)


@pytest.mark.requirement("WF-08")
async def test_a_run_is_cancelled_while_a_call_is_in_flight(any_shop: Shop) -> None:
    any_shop.workflow("slow", SLOW)
    tool = SlowTool()
    async with any_shop.open({"test.slow": tool}) as app, working(app):
        run = await started(app, "slow")
        await tool.begun.wait()
        await app.teller.cancel(run)
        assert (await reached(app, run)).status is RunStatus.CANCELLED
        assert tool.cancelled == 1
        assert len(await facts(app, run, RunCancelled)) == 1


@pytest.mark.requirement("WF-08")
async def test_a_run_is_cancelled_while_it_waits(any_shop: Shop) -> None:
    any_shop.workflow("asking", ASKING)
    async with any_shop.open() as app, working(app):
        run = await started(app, "asking")
        await reached(app, run, RunStatus.WAITING)
        await app.teller.cancel(run)
        assert (await reached(app, run)).status is RunStatus.CANCELLED
        assert [row.answer for row in await app.reader.approvals(app.tenant, open_only=False)] == [
            "void"
        ]


@pytest.mark.requirement("WF-11", "WF-08")
async def test_an_approval_is_answered_while_nobody_owns_the_run(any_shop: Shop) -> None:
    any_shop.workflow("asking", ASKING)
    async with any_shop.open() as app:
        async with working(app) as worker:
            run = await started(app, "asking")
            await reached(app, run, RunStatus.WAITING)
            assert not worker.owned
        await app.approvals.answer(run, "ask", True, data={"n": 2})
        await app.approvals.answer(run, "ask", True, data={"n": 2})
        async with working(app):
            assert await output(app, run) == {"yes": True, "n": 2}
        assert (await types(app, run)).count("approval.answered") == 1


@pytest.mark.requirement("WF-11")
async def test_an_approval_is_answered_while_the_run_is_owned(any_shop: Shop) -> None:
    any_shop.workflow("pair", PAIR)
    tool = SlowTool()
    async with any_shop.open({"test.slow": tool}) as app, working(app) as worker:
        run = await started(app, "pair")
        await tool.begun.wait()
        assert worker.owned == (run,)
        await app.approvals.answer(run, "both.ask/ask", False, note="no")
        await said(app, run, "approval.answered")
        assert worker.owned == (run,)
        tool.release.set()
        assert await output(app, run)


@pytest.mark.requirement("DX-02")
async def test_a_signal_is_one_however_often_it_is_sent(any_shop: Shop) -> None:
    any_shop.workflow(
        "signal",
        "steps:\n  - {id: a, wait: {signal: go}}\n  - {id: b, wait: {signal: go}}\n"
        "outputs: {a: '{{ steps.a.output }}', b: '{{ steps.b.output }}'}\n",
    )
    async with any_shop.open() as app, working(app):
        run = await started(app, "signal")
        await reached(app, run, RunStatus.WAITING)
        await asyncio.gather(*(app.teller.signal(run, "go", {"n": 1}, key="x") for _ in range(5)))
        await app.teller.signal(run, "go", {"n": 2}, key="y")
        assert await output(app, run) == {"a": {"n": 1}, "b": {"n": 2}}
        assert (await types(app, run)).count("signal.received") == 2


@pytest.mark.requirement("DX-07", "DX-12")
async def test_a_timer_wakes_a_released_run(any_shop: Shop) -> None:
    any_shop.workflow("timer", TIMER)
    async with any_shop.open() as app:
        async with working(app) as worker:
            run = await started(app, "timer")
            await reached(app, run, RunStatus.WAITING, RunStatus.SUCCEEDED)
            await until(lambda: not worker.owned)
        async with working(app):
            assert await output(app, run)


@pytest.mark.requirement("DX-12")
async def test_the_urgent_go_first_and_the_delayed_wait(any_shop: Shop) -> None:
    any_shop.workflow(
        "count",
        "steps:\n  - {id: a, tool: test.counting, with: {}}\n"
        "outputs: {n: '{{ steps.a.output.number }}'}\n",
    )
    tool = CountingTool()
    async with any_shop.open({"test.counting": tool}) as app:
        late = (await app.starter.start("count", {}, priority=9, delay=0.5)).run_id
        low = (await app.starter.start("count", {})).run_id
        high = (await app.starter.start("count", {}, priority=5)).run_id
        async with working(app, app.worker(concurrency=1)):
            got = [await output(app, run) for run in (high, low, late)]
    assert got == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_ten_thousand_waiting_runs_hold_no_place(shop: Shop) -> None:
    """Fewer here for speed: what counts is that the worker holds none of them."""
    shop.workflow("asking", ASKING)
    shop.workflow("echo", ECHO)
    async with shop.open() as app, working(app, app.worker(concurrency=4)) as worker:
        runs = [await started(app, "asking") for _ in range(50)]
        for run in runs:
            await reached(app, run, RunStatus.WAITING)
        await until(lambda: not worker.owned)
        assert await output(app, await started(app, "echo")) == {"said": "hello"}
