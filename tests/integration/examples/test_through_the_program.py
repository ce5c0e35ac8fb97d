"""Every example ends alike in the whole program, over a real database, and in the simulation."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.core.runs.status import TERMINAL
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.library import copy_workspace
from kapell.projections.tree import tree
from kapell.services.runs.ports import RunSummary
from kapell.testing.providers.server import environment
from scripts import examples
from tests.integration.examples.stage import EXAMPLES, Stage, put

ENDS = {0: "succeeded", 1: "failed", 3: "waiting"}
PROMISED = {
    one.workflow.relative_to(EXAMPLES).parts[0]: one.expected_exit
    for one in examples.find(EXAMPLES)
    if not one.scripted  # their agents act: see test_acting.py
}


async def _ended(app: App, run: RunId) -> RunSummary:
    """Work until the run ends or waits for something else than a person's yes."""
    while True:
        await app.run_until_idle(run)
        waiting = await app.reader.approvals(app.tenant, run)
        if not waiting:
            return await app.reader.run(app.tenant, run)
        for one in waiting:
            await app.approvals.answer(run, one.path, True)


class Played(NamedTuple):
    """How a run of an example ended."""

    status: str
    output: Json
    steps: dict[str, str]
    asked: int
    usd: int


async def _played(folder: Path, name: str, model: str = "offline") -> Played:
    """Return how a run of the example ended."""
    copy_workspace(folder)
    workflow, given = put(folder, name)
    async with open_app(folder) as app:
        started = await app.starter.start(workflow, given, model=model)
        summary = await _ended(app, started.run_id)
        history = await app.histories.events(started.run_id)
        output: Json = None
        if summary.status in TERMINAL:
            _, state = await app.histories.state(history)
            output = await app.histories.value(state.output)
        steps = {path: str(step.status) for path, step in tree(history).steps.items()}
        asked = sum(event.type == "model.answered" for event in history)
        return Played(str(summary.status), output, steps, asked, summary.usd)


def _shape(value: Json) -> object:
    """Return a value without its texts and numbers: lists as long, mappings with their keys."""
    if isinstance(value, Mapping):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shape(inner) for inner in value]
    return type(value).__name__


@pytest.mark.requirement("WF-01", "WF-08", "LG-03")
@pytest.mark.parametrize("name", PROMISED)
def test_an_example_ends_as_it_promises(name: str, tmp_path: Path) -> None:
    played = asyncio.run(_played(tmp_path / "real", name))
    assert played.status == ENDS[PROMISED[name]]
    simulated = Stage(tmp_path / "simulated").play(name)
    assert (played.status, played.output) == (simulated.answer_all().status, simulated.output)


@pytest.fixture(scope="module")
def provider() -> Iterator[dict[str, str]]:
    """Yield the environment that sends every provider to one on loopback."""
    command = [sys.executable, "-m", "kapell.testing.providers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield environment(server.stdout.readline().strip())
        server.terminate()


@pytest.mark.slow
@pytest.mark.requirement("LG-02")
@pytest.mark.parametrize("name", PROMISED)
def test_one_word_switches_the_provider(
    name: str, provider: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in provider.items():
        monkeypatch.setenv(variable, value)
    offline = asyncio.run(_played(tmp_path / "offline", name))
    wired = asyncio.run(_played(tmp_path / "wired", name, "openai:gpt-5-mini"))
    assert (wired.status, wired.steps) == (offline.status, offline.steps)
    assert _shape(wired.output) == _shape(offline.output)
    assert (wired.usd > 0) == (offline.asked > 0), "who was asked was paid"
    assert offline.usd == 0
