"""Runs that begin runs: each child tells its parent once how it ended."""

import asyncio

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.signal import ChildEnded, ChildSettled
from kapell.core.runs.commands import Resume
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from kapell.services.runs.ports import Message
from kapell.testing.tools.doubles import FlakyTool, SlowTool
from tests.integration.runs.shop import (
    PATIENCE,
    Shop,
    facts,
    output,
    reached,
    started,
    until,
    working,
)

PARENT = """
inputs: {size: {type: number, default: 1}}
steps:
  - {id: apart, workflow: child, with: {size: "{{ inputs.size }}"}, detached: true}
outputs: {got: "{{ steps.apart.output.text | length }}"}
"""
CHILD = """
inputs: {size: {type: number}}
steps:
  - {id: make, set: {text: "{{ 'x' * inputs.size }}"}}
outputs: {text: "{{ steps.make.output.text }}"}
"""
SLOW_CHILD = """
inputs: {size: {type: number}}
steps:
  - {id: slow, tool: test.slow, with: {}}
outputs: {text: done}
"""
FAILING_CHILD = """
inputs: {size: {type: number}}
steps:
  - {id: bad, tool: test.flaky, with: {}}
outputs: {text: done}
"""


async def child_of(app: App, run: RunId) -> RunId:
    """Return the child of a run."""
    (found,) = [one for one in await app.reader.runs(app.tenant) if one.parent_run == run]
    return found.run_id


@pytest.mark.requirement("DX-20")
@pytest.mark.parametrize("size", [3, 50_000], ids=["small", "large"])
async def test_a_child_gives_its_result_to_its_parent(any_shop: Shop, size: int) -> None:
    any_shop.workflow("parent", PARENT)
    any_shop.workflow("child", CHILD)
    async with any_shop.open() as app, working(app):
        run = await started(app, "parent", {"size": size})
        assert await output(app, run) == {"got": size}
        assert len(await facts(app, run, ChildEnded)) == 1


async def test_a_child_that_fails_fails_its_parent(any_shop: Shop) -> None:
    any_shop.workflow("parent", PARENT)
    any_shop.workflow("child", FAILING_CHILD)
    async with any_shop.open({"test.flaky": FlakyTool(failures=9)}) as app, working(app):
        run = await started(app, "parent")
        summary = await reached(app, run)
        assert (summary.status, summary.error_code) == (RunStatus.FAILED, "test_down")
        assert (await reached(app, await child_of(app, run))).status is RunStatus.FAILED


@pytest.mark.requirement("WF-08")
async def test_cancelling_a_parent_reaches_its_child(any_shop: Shop) -> None:
    any_shop.workflow("parent", PARENT)
    any_shop.workflow("child", SLOW_CHILD)
    tool = SlowTool()
    async with any_shop.open({"test.slow": tool}) as app, working(app) as worker:
        run = await started(app, "parent")
        await tool.begun.wait()
        await until(lambda: run not in worker.owned)
        await app.teller.cancel(run, "enough")
        assert (await reached(app, run)).status is RunStatus.CANCELLED
        assert (await reached(app, await child_of(app, run))).status is RunStatus.CANCELLED


@pytest.mark.requirement("WF-08")
async def test_a_child_that_takes_too_long_is_cancelled_and_waited_for_no_longer(
    any_shop: Shop,
) -> None:
    any_shop.workflow("parent", PARENT.replace("detached: true", "detached: true, timeout: 200ms"))
    any_shop.workflow("child", SLOW_CHILD)
    async with any_shop.open({"test.slow": SlowTool()}) as app, working(app):
        run = await started(app, "parent")
        summary = await reached(app, run)
        assert (summary.status, summary.error_code) == (RunStatus.FAILED, "step_timed_out")
        assert (await reached(app, await child_of(app, run))).status is RunStatus.CANCELLED
        assert len(await facts(app, run, ChildEnded)) == 1


@pytest.mark.requirement("WF-08", "GR-07")
async def test_a_child_that_was_given_up_says_in_the_end_what_it_spent(any_shop: Shop) -> None:
    limits = "detached: true, timeout: 200ms, budget: {tokens: 9}"
    any_shop.workflow("parent", PARENT.replace("detached: true", limits))
    any_shop.workflow("child", SLOW_CHILD)
    async with any_shop.open({"test.slow": SlowTool()}) as app, working(app):
        run = await started(app, "parent")
        assert (await reached(app, run)).error_code == "step_timed_out"
        (given_up,) = await facts(app, run, ChildEnded)
        assert isinstance(given_up.payload, ChildEnded)
        assert given_up.payload.tokens == 9
        async with asyncio.timeout(PATIENCE):
            while not await facts(app, run, ChildSettled):  # noqa: ASYNC110 - another run's work
                await asyncio.sleep(0.02)
        assert (await app.reader.run(app.tenant, run)).tokens == 0


@pytest.mark.requirement("DX-02")
async def test_a_child_that_reports_again_changes_nothing(any_shop: Shop) -> None:
    any_shop.workflow("parent", PARENT)
    any_shop.workflow("child", CHILD)
    async with any_shop.open() as app, working(app):
        run = await started(app, "parent")
        assert await output(app, run) == {"got": 1}
        child = await child_of(app, run)
        told = await app.store.starts.send(
            Message(
                tenant_id=app.tenant,
                run_id=run,
                key=f"child:{child}:1",
                command=Resume(),
                actor=f"run:{child}",
            )
        )
        assert not told
        assert len(await facts(app, run, ChildEnded)) == 1
