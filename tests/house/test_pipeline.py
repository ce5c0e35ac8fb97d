"""Every call of an app passes the content guards, and one that does not is seen: by counting."""

import subprocess
import sys
from pathlib import Path

import pytest

from kapell.adapters.llm.offline import OfflineModel
from kapell.bootstrap.app import App
from kapell.bootstrap.single_call import call_tool
from kapell.core.gateway.calls import Message, ModelRequest
from tests.fixtures import pipeline
from tests.integration.runs.shop import Shop

HELLO = ModelRequest(model="offline", messages=(Message("user", "Summarise: hello"),))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a place of this test's own to count in."""
    folder = tmp_path / "counts"
    folder.mkdir()
    monkeypatch.setenv(pipeline.FOLDER, str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace with a workflow that calls a model and a tool."""
    made = Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    made.workflow(
        "w",
        "steps:\n"
        '  - {id: a, ask: "Summarise: this"}\n'
        '  - {id: b, tool: file.write, with: {path: a.txt, text: "{{ steps.a.output }}"}}\n',
    )
    return made


async def run(app: App) -> None:
    """Run the workflow to its end."""
    started = await app.starter.start("w", {})
    await app.run_until_idle(started.run_id)


@pytest.mark.requirement("GR-01", "WF-09")
async def test_calls_of_runs_and_of_commands_are_counted_as_guarded(own: Path, shop: Shop) -> None:
    async with shop.open() as app:
        await run(app)
        await call_tool(app, "text.count", {"text": "a b"})
        await app.gateway.complete(HELLO)
    assert pipeline.counted(own) == {"models": 2, "tools": 2, "around": 0}


@pytest.mark.requirement("GR-01")
async def test_calls_around_the_guards_are_seen(own: Path, shop: Shop) -> None:
    async with shop.open() as app:
        await OfflineModel().complete(HELLO)
        app.gateway._gates = ()
        app.door._gates = ()
        await run(app)
    assert pipeline.counted(own) == {"models": 0, "tools": 0, "around": 3}


async def test_a_guard_that_is_taken_away_by_its_name_is_no_leak(own: Path, shop: Shop) -> None:
    settings = shop.folder / "kapell.yaml"
    settings.write_text(
        settings.read_text("utf-8") + "guardrails: {flags: {content: false}}\n", "utf-8"
    )
    async with shop.open() as app:
        await run(app)
    assert pipeline.counted(own) == {"models": 0, "tools": 0, "around": 0}


@pytest.mark.requirement("GR-01")
def test_processes_of_tests_count_too(own: Path, shop: Shop) -> None:
    words = [sys.executable, "-m", "kapell.cli.main", "run", "w"]
    subprocess.run([*words, "--workspace", str(shop.folder)], check=True, capture_output=True)
    assert pipeline.counted(own) == {"models": 1, "tools": 1, "around": 0}
