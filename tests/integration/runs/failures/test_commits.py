"""Commits whose answers are lost, rows that others hold, data that the database refuses."""

import asyncio
from pathlib import Path
from time import monotonic

import asyncpg
import pytest

from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from kapell.services.runs.ports import Claimed, RunLog
from kapell.services.tools.ports import Tool
from kapell.testing.tools.doubles import CountingTool, SlowTool
from tests.integration.line import Line
from tests.integration.runs.failures.stranger import Stranger
from tests.integration.runs.shop import (
    LEASE,
    Shop,
    output,
    reached,
    said,
    started,
    types,
    working,
)

STEPS = """
steps:
  - {id: one, tool: test.counting, with: {}}
  - {id: pause, wait: {for: 20ms}}
  - {id: two, tool: test.counting, with: {}}
outputs: {again: "{{ steps.two.output.same_key }}"}
"""
HELD = """
inputs: {text: {type: string, default: fine}}
steps:
  - {id: held, tool: test.slow, with: {text: "{{ inputs.text }}"}}
  - {id: after, tool: test.counting, with: {}}
"""
ECHO = "steps:\n  - {id: one, set: {v: 1}}\noutputs: {v: '{{ steps.one.output.v }}'}\n"
RUNS = 12


async def begun(app: App, workflow: str, count: int) -> list[RunId]:
    """Begin several runs at once."""
    return list(await asyncio.gather(*(started(app, workflow) for _ in range(count))))


@pytest.mark.requirement("DX-02", "DX-07", "DX-19")
@pytest.mark.parametrize(
    "event", ["run.started", "step.succeeded", "run.waiting", "run.resumed", "run.succeeded"]
)
async def test_a_commit_whose_answer_was_lost_is_one(
    postgres_shop: Shop, stranger: asyncpg.Connection, tmp_path: Path, event: str
) -> None:
    """The line breaks between the COMMIT and its answer: what is in the log already counts."""
    tool = CountingTool()
    async with Line(postgres_shop.url) as line:
        shop = Shop(tmp_path / "cut", line.url)
        for one in (postgres_shop, shop):
            one.workflow("steps", STEPS)
        tools: dict[str, Tool] = {"test.counting": tool}
        async with shop.open(tools) as app, postgres_shop.open(tools) as other, working(app):
            whole = await _log(app, await started(other, "steps"))
            line.answers, line.times = event.encode(), 3
            runs = await begun(other, "steps", RUNS)
            for run in runs:
                assert await output(app, run) == {"again": 1}
                # Nothing is doubled, and nobody had to take the run over.
                assert await _log(app, run) == whole
        assert line.lost == 3
    assert set(tool.calls.values()) == {1}
    assert len(tool.calls) == 2 * (RUNS + 1)
    stored = await stranger.fetchval("SELECT count(*) FROM events")
    assert stored == len(whole) * (RUNS + 1)


async def _log(app: App, run: RunId) -> list[str]:
    await reached(app, run)
    return await types(app, run)


@pytest.mark.requirement("DX-02", "DX-19")
async def test_a_start_whose_answer_was_lost_is_one(postgres_shop: Shop, tmp_path: Path) -> None:
    """Begun beside its worker, a run is stored with its first call: nobody has to take it over."""
    tool = CountingTool(repeatable=False)
    async with Line(postgres_shop.url) as line:
        shop = Shop(tmp_path / "cut", line.url)
        shop.workflow("steps", STEPS)
        async with shop.open({"test.counting": tool}) as app, working(app):
            whole = await _log(app, await started(app, "steps"))
            line.answers, line.times = b"run.queued", 2
            begun = [await app.starter.start("steps", {}, key=f"k{n}") for n in range(2)]
            assert line.lost == 2
            assert [one.created for one in begun] == [True, True]
            for one in begun:
                assert await output(app, one.run_id) == {"again": 1}
                assert await _log(app, one.run_id) == whole
            again = await app.starter.start("steps", {}, key="k0")
            assert (again.run_id, again.created) == (begun[0].run_id, False)
            assert len(await app.reader.runs(app.tenant)) == 3


class Deaf:
    """A log whose claims come through, but not to the worker that asked."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self.lost = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def claim(self, *asked: object, suspects: bool = False) -> Claimed:
        """Claim, and lose the first answers that hold runs."""
        found = await self._log.claim(*asked, suspects)  # type: ignore[arg-type, call-arg]  # passed through
        if found.claims and self.lost < 2:
            self.lost += 1
            return Claimed((), found.now, None)
        return found


@pytest.mark.requirement("DX-02", "DX-03")
async def test_runs_of_a_lost_claim_are_found_by_the_beat(any_shop: Shop) -> None:
    any_shop.workflow("echo", ECHO)
    async with any_shop.open() as app:
        worker = app.worker()
        log = Deaf(app.store.log)
        worker.desk.log = log  # type: ignore[assignment]  # the rest is the real log's
        runs = await begun(app, "echo", 5)
        async with working(app, worker):
            assert [await output(app, run) for run in runs] == [{"v": 1}] * 5
        assert log.lost == 2


@pytest.mark.requirement("DX-15", "DX-03")
async def test_a_run_whose_row_somebody_holds_does_not_hold_the_others(
    postgres_shop: Shop, stranger: asyncpg.Connection
) -> None:
    """All results come back at once, so they go into one batch; more runs begin after that."""
    slow, counting = SlowTool(), CountingTool()
    postgres_shop.workflow("held", HELD)
    tools: dict[str, Tool] = {"test.slow": slow, "test.counting": counting}
    async with postgres_shop.open(tools) as app, working(app) as worker:
        locked, *others = await begun(app, "held", RUNS)
        for run in (locked, *others):
            await said(app, run, "tool.requested")
        async with stranger.transaction():
            await stranger.execute("SELECT 1 FROM runs WHERE run_id = $1 FOR UPDATE", locked)
            slow.release.set()
            for run in others:
                assert (await reached(app, run)).status is RunStatus.SUCCEEDED
            # Longer than a lease: the owner of the locked run keeps it, and goes on to work.
            enough = monotonic() + 2 * LEASE
            while monotonic() < enough:
                await reached(app, await started(app, "held"))
            assert (await app.reader.run(app.tenant, locked)).status is RunStatus.RUNNING
            assert worker.owned == (locked,)
        assert (await reached(app, locked)).status is RunStatus.SUCCEEDED
        assert await types(app, locked) == await types(app, others[0])
    assert set(counting.calls.values()) == {1}


_TRAPS = {
    "sqlite": """
CREATE TRIGGER trap BEFORE INSERT ON events
    WHEN NEW.payload LIKE '%poisoned%' AND NEW.type = 'tool.returned'
    BEGIN SELECT RAISE(ABORT, 'bad data'); END
""",
    "postgresql": """
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'bad data' USING ERRCODE = 'data_exception'; END $$;
CREATE TRIGGER trap BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.payload LIKE '%poisoned%' AND NEW.type = 'tool.returned') EXECUTE FUNCTION trap();
""",
}
_DISARM = {"sqlite": "DROP TRIGGER trap", "postgresql": "DROP TRIGGER trap ON events"}


@pytest.mark.requirement("DX-06", "DX-15")
async def test_a_run_whose_data_the_database_refuses_fails_alone(any_shop: Shop) -> None:
    """The others of its batch are stored; it waits for a person, with the refusal as cause."""
    slow, counting = SlowTool(), CountingTool()
    any_shop.workflow("held", HELD)
    tools: dict[str, Tool] = {"test.slow": slow, "test.counting": counting}
    kind = any_shop.url.partition(":")[0]
    async with any_shop.open(tools) as app, working(app):
        good = await begun(app, "held", RUNS)
        bad = await started(app, "held", {"text": "poisoned"})
        for run in (*good, bad):
            await said(app, run, "tool.requested")
        async with Stranger(any_shop.url) as somebody:
            await somebody.execute(_TRAPS[kind])
            async with somebody.holding():
                slow.release.set()
                await asyncio.sleep(0.1)  # all results wait for the next commit
            for run in good:
                assert (await reached(app, run)).status is RunStatus.SUCCEEDED
            assert (await reached(app, bad, RunStatus.WAITING)).error_code == ""
            (letter,) = await app.reader.dead_letters(app.tenant)
            assert (letter.run_id, letter.stage, letter.code) == (bad, "poison", "append_refused")
            assert "bad data" in letter.message
            await somebody.execute(_DISARM[kind])
        await app.teller.retry(bad)
        assert (await reached(app, bad)).status is RunStatus.SUCCEEDED
        assert {tuple(await types(app, run)) for run in good} == {tuple(await types(app, good[0]))}
    assert set(counting.calls.values()) == {1}
    assert len(counting.calls) == RUNS + 1
