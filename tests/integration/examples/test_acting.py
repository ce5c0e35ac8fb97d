"""Examples whose agents act: through the command line, with a real sandbox and a real web."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kapell.library import copy_workspace
from kapell.testing.providers.server import environment
from scripts import examples
from tests.integration.examples.stage import put

pytestmark = pytest.mark.slow

NAMES = [one.name for one in examples.find(examples.EXAMPLES) if one.scripted]


@pytest.fixture(scope="module")
def provider() -> Iterator[dict[str, str]]:
    """Yield the environment that sends every provider to one on loopback."""
    command = [sys.executable, "-m", "kapell.testing.providers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield environment(server.stdout.readline().strip())
        server.terminate()


def said(folder: Path, *words: str, **variables: str) -> Any:
    """Run a command of the program beside the example's web; return what it says as data."""
    command = [*examples.CLI, *words, "--json"]
    if (folder / "site").is_dir():
        port = str(_moved(folder))
        command = [
            sys.executable,
            "-m",
            "kapell.testing.web",
            "site",
            "--port",
            port,
            "--",
            *command,
        ]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return json.loads(ended.stdout)


def _moved(folder: Path) -> int:
    """Let the example's web be on a port of its own; tests run side by side."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    for name in ("kapell.yaml", "answers.yaml"):
        file = folder / name
        text = file.read_text("utf-8")
        file.write_text(text.replace(str(examples.SITE_PORT), str(port)), "utf-8")
    return port


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a new workspace."""
    copy_workspace(tmp_path / "w")
    return tmp_path / "w"


@pytest.mark.requirement("DE-13", "TL-01", "AG-13", "WF-12")
def test_a_failing_repository_is_mended_in_a_sandbox_and_judged(workspace: Path) -> None:
    put(workspace, "code-review")
    run = said(workspace, "run", "workflow.yaml")
    assert run["status"] == "succeeded"
    assert {name: run["output"][name] for name in ("tests", "verdict", "accepted")} == {
        "tests": "passed",
        "verdict": "pass",
        "accepted": True,
    }
    turns = said(workspace, "runs", "turns", "last", "--step", "change")["turns"]
    assert [turn["outcome"] for turn in turns] == ["acted", "acted", "acted", "answered"]
    actions = [action for turn in turns for action in turn["actions"]]
    seen = [one["observation"]["output"] for one in actions if one["tool"] == "shell.run"]
    assert [(one["backend"], one["ok"]) for one in seen] == [
        ("bubblewrap", False),
        ("bubblewrap", True),
    ]
    # What is in the workspace stays as it is: an agent changes the run's own folder.
    assert "discount / 100" not in (workspace / "repo/shop/prices.py").read_text("utf-8")


@pytest.mark.requirement("DE-13", "TL-03", "AG-13")
def test_a_question_is_answered_from_pages_that_say_so(workspace: Path) -> None:
    put(workspace, "research")
    run = said(workspace, "run", "workflow.yaml")
    assert run["status"] == "succeeded"
    assert run["output"]["checked"] == {"sources": 3, "quotes_found": 3, "claims_without": 0}


@pytest.mark.requirement("LG-02", "DE-13")
@pytest.mark.parametrize("name", NAMES)
def test_one_word_switches_the_provider(
    name: str, workspace: Path, provider: dict[str, str]
) -> None:
    put(workspace, name)
    scripted = said(workspace, "run", "workflow.yaml")
    wired = said(workspace, "run", "workflow.yaml", "--model", "openai:gpt-5-mini", **provider)
    assert wired["status"] == scripted["status"] == "succeeded"
    assert wired["output"].keys() == scripted["output"].keys()
