"""Snapshots are read, and are only a cache: gone, damaged or old, nothing else comes out."""

import os
from collections.abc import Callable, Mapping

import msgspec
import pytest

from kapell.core.runs.fold.snapshot import load_state
from kapell.core.runs.state import FOLD
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import digest
from kapell.services.runs.advancing import owner
from kapell.services.runs.ports import History, RunLog, Snapshot
from kapell.testing.tools.doubles import CountingTool, NoopTool
from tests.integration.runs.failures.stranger import Stranger
from tests.integration.runs.shop import Shop, output, reached, started, types, working

LOOP = """
steps:
  - id: many
    loop:
      max: 50
      until: pass.number >= 50
      steps: [{id: one, tool: test.noop, with: {n: "{{ pass.number }}"}}]
  - {id: ask, approval: {title: "On?"}}
  - {id: last, tool: test.counting, with: {n: "{{ steps.many.output.last.n }}"}}
outputs: {n: "{{ steps.many.output.passes }}", again: "{{ steps.last.output.same_key }}"}
"""
EVERY = 50
WHOLE = "UPDATE snapshots SET {change} WHERE run_id = '{run}'"


class Reading:
    """A log that remembers what owners loaded from it; everything is the store's."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self.loads: dict[str, list[History]] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def load(self, tenant_id: TenantId, run_id: RunId, fold: str) -> History:
        """Load and remember."""
        history = await self._log.load(tenant_id, run_id, fold)
        self.loads.setdefault(run_id, []).append(history)
        return history


def flipped(body: bytes) -> bytes:
    """Return a state that can be read, but says something else."""
    state = body[64:].replace(b'"usd":0', b'"usd":7')
    assert state != body[64:]
    return body[:64] + state


def resealed(body: bytes) -> bytes:
    """Return bytes that are whole, but of a state this code does not know."""
    other = b'{"shape":"of an older release"}'
    return digest(other).encode() + other


def foreign(body: bytes) -> bytes:
    """Return the whole state of another run."""
    state = load_state(body[64:])
    other = msgspec.json.encode(msgspec.structs.replace(state, run_id=RunId("stranger")))
    return digest(other).encode() + other


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "random": lambda body: os.urandom(len(body)),
    "empty": lambda _: b"",
    "short": lambda body: body[: len(body) // 2],
    "flipped": flipped,
    "resealed": resealed,
    "foreign": foreign,
}


async def damage(url: str, run: RunId, name: str, kept: Snapshot) -> None:
    """Do to a stored snapshot what the name says."""
    async with Stranger(url) as somebody:
        if name == "deleted":
            await somebody.execute(f"DELETE FROM snapshots WHERE run_id = '{run}'")  # noqa: S608 - ours
        elif name == "old":
            await somebody.execute(WHOLE.format(change="fold = '0'", run=run))
        elif name == "ahead":
            await somebody.execute(WHOLE.format(change="seq = 1000000", run=run))
        elif name in DAMAGES:
            text = DAMAGES[name](kept.body).hex()
            blob = f"x'{text}'" if url.startswith("sqlite:") else rf"'\x{text}'::bytea"
            await somebody.execute(WHOLE.format(change=f"body = {blob}", run=run))


@pytest.mark.requirement("DX-07")
async def test_whatever_happens_to_snapshots_the_runs_end_alike(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "SNAPSHOT_EVERY", EVERY)
    any_shop.workflow("loop", LOOP)
    tool = CountingTool()
    names = ("whole", "deleted", "old", "ahead", *DAMAGES)
    async with any_shop.open({"test.noop": NoopTool(), "test.counting": tool}) as app:
        runs = {name: await started(app, "loop") for name in names}
        async with working(app):
            for run in runs.values():
                await reached(app, run, RunStatus.WAITING)
        length = (await app.reader.run(app.tenant, runs["whole"])).seq
        for name, run in runs.items():
            kept = (await app.store.log.load(app.tenant, run, FOLD)).snapshot
            assert kept is not None
            assert length // 2 < kept.seq < length
            await damage(any_shop.url, run, name, kept)
        worker = app.worker()
        log = Reading(app.store.log)
        worker.desk.log = log  # type: ignore[assignment]  # the rest is the real log's
        for run in runs.values():
            await app.approvals.answer(run, "ask", True)
        async with working(app, worker):
            for run in runs.values():
                assert await output(app, run) == {"n": 50, "again": 1}
        # The whole one alone was of use, and it was used: nothing before it was read again.
        (history,) = log.loads[runs["whole"]]
        assert history.snapshot is not None
        assert history.events[0].seq == history.snapshot.seq + 1
        for name in names[1:]:
            used = log.loads[runs[name]][-1]
            assert (name, used.snapshot, len(used.events)) == (name, None, length)
        assert set(tool.calls.values()) == {1}
        told = [await types(app, run) for run in runs.values()]
        assert all(one == told[0] for one in told)
        assert {one.usd for one in await app.reader.runs(app.tenant)} == {0}
