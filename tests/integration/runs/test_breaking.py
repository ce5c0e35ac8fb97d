"""What breaks owners, processes and stores: the run is put aside or goes on, the others do too."""

import asyncio

import pytest

from kapell.bootstrap.app import App
from kapell.core.events.budget import BudgetSettled
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Invalid, KapellError, Unavailable
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.ports import Append, Appended, RunLog
from kapell.testing.providers.server import LoopbackProvider
from kapell.testing.tools.doubles import CountingTool, NoopTool, SlowTool
from tests.integration.runs.shop import (
    LEASE,
    LogBetween,
    Shop,
    facts,
    folded,
    output,
    reached,
    said,
    started,
    types,
    until,
    working,
)

COUNT = """
steps:
  - {id: a, tool: test.counting, with: {}}
  - {id: b, tool: test.counting, with: {}}
outputs: {n: "{{ steps.b.output.number }}", again: "{{ steps.b.output.same_key }}"}
"""
ASK = """
steps:
  - {id: a, ask: "Name a colour.", model: "openai:gpt-4o-mini"}
  - {id: b, ask: "Name a shape.", model: "openai:gpt-4o-mini"}
"""


class Failing(LogBetween):
    """A log whose appends fail when it is told so; everything else is the store's."""

    def __init__(self, log: RunLog) -> None:
        super().__init__(log)
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.cursed: set[str] = set()
        self.refused = ""

    async def append(self, append: Append) -> Appended:
        """Fail before or after the append, or append."""
        if self.before:
            raise self.before.pop(0)
        if append.run_id in self.cursed:
            raise ZeroDivisionError("cursed")
        if self.refused in [event.type for event in append.events]:
            raise Invalid("The store refused it.", code="append_refused", advice="Report it.")
        appended = await self._log.append(append)
        if self.after:
            raise self.after.pop(0)
        return appended


def down() -> KapellError:
    """Return what a store says whose file is locked or whose disk is full."""
    return Unavailable("The disk of the store is full.", code="store_full")


@pytest.mark.requirement("DX-19", "DX-07")
async def test_a_store_that_fails_for_a_while_loses_no_paid_answer(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_shop.workflow("ask", ASK)
    async with LoopbackProvider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        async with any_shop.open() as app:
            worker = app.worker()
            log = Failing.of(app, worker)
            async with working(app, worker):
                run = await started(app, "ask")
                log.before = [down() for _ in range(3)]
                await reached(app, run)
                assert not log.before
            assert set(provider.record.received().values()) == {1}
            assert len(provider.record.received()) == 2
            assert "model.abandoned" not in await types(app, run)


@pytest.mark.requirement("DX-02", "DX-19")
async def test_an_append_that_came_through_without_an_answer_is_not_repeated(
    any_shop: Shop,
) -> None:
    """The second try is refused as late: the run is taken over from what the log holds."""
    any_shop.workflow("count", COUNT)
    tool = CountingTool()
    async with any_shop.open({"test.counting": tool}) as app:
        worker = app.worker()
        log = Failing.of(app, worker)
        log.after = [down()]
        async with working(app, worker):
            run = await started(app, "count")
            assert isinstance(await output(app, run), dict)
        assert (await types(app, run)).count("step.succeeded") == 2


@pytest.mark.requirement("DX-17", "DX-06")
async def test_a_run_that_breaks_its_owner_waits_for_a_person_and_others_go_on(
    any_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    any_shop.workflow("count", COUNT)
    async with any_shop.open({"test.counting": CountingTool()}) as app:
        worker = app.worker()
        log = Failing.of(app, worker)
        bad = await started(app, "count")
        log.cursed.add(bad)
        async with working(app, worker):
            good = await started(app, "count")
            assert await output(app, good)
            # Nothing can be stored about it as long as the curse holds: it is given back.
            resting = await reached(app, bad, RunStatus.QUEUED)
            assert resting.wake_at is not None
            assert resting.wake_at > app.clock.now() + 1
            log.cursed.clear()
            await app.teller.resume(bad)
            await reached(app, bad)
    assert "broke its owner" in caplog.text


@pytest.mark.requirement("DX-06", "DX-17")
async def test_a_message_that_cannot_be_stored_does_not_keep_its_run_from_being_put_aside(
    any_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    any_shop.workflow("two", "steps: [{id: a, wait: {signal: go}}, {id: b, wait: {signal: go}}]\n")
    async with any_shop.open() as app:
        worker = app.worker()
        log = Failing.of(app, worker)
        async with working(app, worker):
            run = await started(app, "two")
            await reached(app, run, RunStatus.WAITING)
            log.refused = "signal.received"
            await app.teller.signal(run, "go", key="bad")
            await said(app, run, "step.dead")
            log.refused = ""
            await reached(app, run, RunStatus.WAITING)
            await app.teller.retry(run)
            await app.teller.signal(run, "go", key="good")
            await app.teller.signal(run, "go", key="better")
            assert (await reached(app, run)).status is RunStatus.SUCCEEDED
    assert "message signal:bad of run" in caplog.text


class Cursed:
    """Prices that raise what nobody expects."""

    async def warm(self, models: object) -> None:
        """Break."""
        raise ZeroDivisionError(models)


@pytest.mark.requirement("DX-17", "DX-06")
async def test_what_makes_deciding_raise_becomes_a_dead_letter_that_can_be_retried(
    any_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    any_shop.workflow("one", "steps:\n  - {id: a, ask: 'Say something.'}\n")
    async with any_shop.open() as app:
        worker = app.worker()
        quotes, worker.desk.quotes = worker.desk.quotes, Cursed()  # type: ignore[assignment]  # it breaks
        async with working(app, worker):
            run = await started(app, "one")
            await reached(app, run, RunStatus.WAITING)
            (letter,) = await app.reader.dead_letters(app.tenant)
            assert (letter.stage, letter.code) == ("poison", "run_poison")
            assert "ZeroDivisionError" in letter.message
            worker.desk.quotes = quotes
            await app.teller.retry(run)
            assert (await reached(app, run)).status is RunStatus.SUCCEEDED
            assert not await app.reader.dead_letters(app.tenant)
    assert "broke its owner" in caplog.text


@pytest.mark.requirement("DX-22")
async def test_a_leaving_worker_records_what_is_in_flight_and_hands_the_run_on(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_shop.workflow(
        "mixed",
        "steps:\n  - {id: a, tool: test.slow, with: {n: 1}}\n"
        "  - {id: b, tool: test.noop, with: {n: '{{ steps.a.output.n }}'}}\n"
        "outputs: {n: '{{ steps.b.output.n }}'}\n",
    )
    tool = SlowTool(repeatable=False)
    async with any_shop.open({"test.slow": tool, "test.noop": NoopTool()}) as app:
        worker = app.worker()
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        run = await started(app, "mixed")
        await tool.begun.wait()
        stop.set()
        await asyncio.sleep(0.1)
        assert not task.done()
        tool.release.set()
        await task
        summary = await app.reader.run(app.tenant, run)
        assert (summary.owner, summary.status) == (None, RunStatus.RUNNING)
        assert (await types(app, run))[-1] == "step.succeeded"
        async with working(app):
            assert await output(app, run) == {"n": 1}
        assert "tool.failed" not in await types(app, run)


@pytest.mark.requirement("DX-03", "DX-17")
async def test_a_worker_without_beats_loses_its_run_and_its_late_answer_corrects_the_ledger(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_shop.workflow("ask", "steps:\n  - {id: a, ask: 'Say it.', model: 'openai:gpt-4o-mini'}\n")
    async with LoopbackProvider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        async with any_shop.open() as app:
            slowed = app.worker(concurrency=1)
            slow = asyncio.Event()
            real = slowed.desk.effects.carry_out

            async def held(*args: object) -> object:
                reply = await real(*args)  # type: ignore[arg-type]  # passed through
                await slow.wait()
                return reply

            slowed.desk.effects.carry_out = held  # type: ignore[method-assign, assignment]  # held up
            run = await started(app, "ask")
            async with working(app, slowed):
                await said(app, run, "model.requested")
                (claim,) = slowed.owned
                await app.store.log.beat(slowed.desk.worker, {claim: 1}, -1.0)
                await app.store.log.beat(WorkerId("other"), {}, LEASE)
                async with working(app):
                    await reached(app, run)
                    (before,) = await app.reader.costs(app.tenant, "run")
                    slow.set()
                    await until(lambda: not slowed.owned)
                    await settled(app, run, 3)
            (after,) = await app.reader.costs(app.tenant, "run")
            assert 0 < after.usd < before.usd
            assert after.usd == await spent(app, run)
            assert provider.record.received().total() == 2


async def settled(app: App, run: RunId, times: int) -> None:
    """Wait until the log has so many settlements, the corrected ones included."""
    async with asyncio.timeout(20):
        while len(await facts(app, run, BudgetSettled)) < times:  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(0.01)


async def spent(app: App, run: RunId) -> int:
    """Return what the run has spent as its events tell it."""
    return (await folded(app, run)).usd


@pytest.mark.requirement("DX-02")
async def test_what_comes_back_while_something_is_stored_is_not_asked_for_again(
    shop: Shop,
) -> None:
    shop.workflow(
        "sides",
        "steps:\n  - id: sides\n    parallel:\n"
        "      left: [{id: a, tool: test.slow, with: {}}]\n"
        "      right: [{id: b, wait: {signal: go}}, {id: c, tool: test.counting, with: {}}]\n",
    )
    slow, counting = SlowTool(), CountingTool()
    async with shop.open({"test.slow": slow, "test.counting": counting}) as app:
        worker = app.worker()
        log = Failing.of(app, worker)
        async with working(app, worker):
            run = await started(app, "sides")
            await slow.begun.wait()
            slow.begun.clear()
            log.before = [down() for _ in range(3)]
            await app.teller.signal(run, "go")
            await until(lambda: len(log.before) < 3)
            slow.release.set()
            assert (await reached(app, run)).status is RunStatus.SUCCEEDED
        assert not slow.begun.is_set()
