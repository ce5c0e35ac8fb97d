"""A full disk, a held database in the middle of runs: they wait, then go on as if nothing was."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kapell.adapters.db.postgres import connections as postgres
from kapell.adapters.db.sqlite import connections as sqlite
from kapell.adapters.db.sqlite.writing import writer
from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.services.tools.ports import Tool
from kapell.testing.tools.doubles import CountingTool, SlowTool
from tests.integration.runs.failures.stranger import Stranger
from tests.integration.runs.shop import LEASE, PATIENCE, Shop, reached, started, types, working

STEPS = """
inputs: {text: {type: string, default: ""}}
steps:
  - {id: before, tool: test.counting, with: {n: 1}}
  - {id: held, tool: test.slow, with: {text: "{{ 'x' * 20000 }}"}}
  - {id: after, tool: test.counting, with: {n: 2}}
  - {id: pause, wait: {for: 10ms}}
  - {id: last, tool: test.counting, with: {n: 3}}
"""
RUNS = 12
Trouble = Callable[[], AbstractAsyncContextManager[None]]


async def held(app: App, run: RunId) -> None:
    """Wait until the run's slow call is recorded: nothing more comes until it is released."""
    async with asyncio.timeout(PATIENCE):
        while (await types(app, run)).count("tool.requested") < 2:  # noqa: ASYNC110 - a worker's work
            await asyncio.sleep(0.01)


async def endured(shop: Shop, trouble: Trouble, code: str) -> None:
    """Let trouble come while every run has a call in flight, and see what came of them."""
    slow, counting = SlowTool(), CountingTool()
    tools: dict[str, Tool] = {"test.slow": slow, "test.counting": counting}
    shop.workflow("steps", STEPS)
    async with shop.open(tools) as app, working(app):
        runs = [await started(app, "steps") for _ in range(RUNS)]
        for run in runs:
            await held(app, run)
        async with trouble():
            slow.release.set()
            with pytest.raises(KapellError) as caught:
                await app.starter.start("steps", {"text": "y" * 300_000}, key="late")
            assert (caught.value.code, caught.value.retryable) == (code, True)
            # Longer than a lease: no beat comes through either.
            await asyncio.sleep(2 * LEASE)
            for run in runs:
                assert (await app.reader.run(app.tenant, run)).status is RunStatus.RUNNING
                assert (await types(app, run))[-1] == "tool.requested"
        late = await app.starter.start("steps", {"text": "y" * 300_000}, key="late")
        assert late.created
        runs.append(late.run_id)
        for run in runs:
            assert (await reached(app, run)).status is RunStatus.SUCCEEDED
        told = [await types(app, run) for run in runs]
        assert all(one == told[0] for one in told)
        assert told[0].count("run.started") == 1
        assert len(await app.reader.runs(app.tenant)) == RUNS + 1
        assert await app.reader.dead_letters(app.tenant) == ()
    assert slow.cancelled == 0
    assert set(counting.calls.values()) == {1}
    assert len(counting.calls) == 3 * (RUNS + 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of four megabytes; only root may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.slow
@pytest.mark.requirement("DX-07", "DX-19")
async def test_a_disk_that_is_full_for_a_while(small_disk: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", f"sqlite:///{small_disk / 'runs.db'}")
    ballast = small_disk / "ballast"

    @asynccontextmanager
    async def full() -> AsyncIterator[None]:
        await asyncio.to_thread(fill, ballast)
        try:
            yield
        finally:
            await asyncio.to_thread(ballast.unlink)

    await endured(shop, full, "store_full")


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4096)


_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION no_room();
"""


@pytest.mark.slow
@pytest.mark.requirement("DX-07", "DX-19")
async def test_a_server_whose_disk_is_full_for_a_while(postgres_shop: Shop) -> None:
    """The server says what it says then, by a trigger: its real disk is ours too."""

    @asynccontextmanager
    async def full() -> AsyncIterator[None]:
        async with Stranger(postgres_shop.url) as somebody:
            await somebody.execute(_FULL)
            try:
                yield
            finally:
                await somebody.execute("DROP TRIGGER no_room ON events")

    await endured(postgres_shop, full, "store_full")


@pytest.mark.slow
@pytest.mark.requirement("DX-07", "DX-19")
async def test_a_database_that_somebody_holds_for_a_while(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than our patience with locks, which is made short here."""
    monkeypatch.setattr(writer, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    monkeypatch.setitem(postgres._SETTINGS, "lock_timeout", "100ms")

    @asynccontextmanager
    async def holding() -> AsyncIterator[None]:
        async with Stranger(any_shop.url) as somebody, somebody.holding():
            yield

    await endured(any_shop, holding, "store_locked")
