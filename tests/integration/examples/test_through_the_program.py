"""Every example ends alike in the whole program, over a real database, and in the simulation."""

import asyncio
from pathlib import Path

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.core.runs.status import TERMINAL
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.library import copy_workspace
from kapell.services.runs.ports import RunSummary
from scripts import examples
from tests.integration.examples.stage import EXAMPLES, Stage, put

ENDS = {0: "succeeded", 1: "failed", 3: "waiting"}
PROMISED = {
    one.workflow.relative_to(EXAMPLES).parts[0]: one.expected_exit
    for one in examples.find(EXAMPLES)
}


async def _ended(app: App, run: RunId) -> RunSummary:
    """Work until the run ends or waits for something else than a person's yes."""
    while True:
        await app.run_until_idle(run)
        waiting = await app.reader.approvals(app.tenant, run)
        if not waiting:
            return await app.reader.run(app.tenant, run)
        for one in waiting:
            await app.teller.answer(run, one.path, True)


async def _played(folder: Path, name: str) -> tuple[str, Json]:
    """Return how a run of the example ended, and its output."""
    copy_workspace(folder)
    workflow, given = put(folder, name)
    async with open_app(folder) as app:
        started = await app.starter.start(workflow, given, model="offline")
        summary = await _ended(app, started.run_id)
        if summary.status not in TERMINAL:
            return str(summary.status), None
        _, state = await app.histories.state(await app.histories.events(started.run_id))
        return str(summary.status), await app.histories.value(state.output)


@pytest.mark.requirement("WF-01", "WF-08", "LG-03")
@pytest.mark.parametrize("name", PROMISED)
def test_an_example_ends_as_it_promises(name: str, tmp_path: Path) -> None:
    status, output = asyncio.run(_played(tmp_path / "real", name))
    assert status == ENDS[PROMISED[name]]
    simulated = Stage(tmp_path / "simulated").play(name)
    assert (status, output) == (simulated.answer_all().status, simulated.output)
