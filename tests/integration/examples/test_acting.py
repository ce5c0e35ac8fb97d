"""Examples whose agents act: through the command line, with a real sandbox and a real web."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kapell.library import copy_workspace
from kapell.testing.providers.record import Entry, read
from scripts import examples
from tests.integration.examples.stage import put

pytestmark = pytest.mark.slow

NAMES = [one.name for one in examples.find(examples.EXAMPLES) if one.scripted]
MODELS = ["openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "google:gemini-2.5-flash"]


class Acting:
    """An example in a workspace of its own, beside the web it visits if it has one."""

    def __init__(self, folder: Path, name: str) -> None:
        copy_workspace(folder)
        put(folder, name)
        self.folder = folder
        self.log = folder.parent / "asked.jsonl"
        self._beside = examples.surroundings(
            folder, self._moved(examples.SITE_PORT), self._moved(examples.MAIL_PORT)
        )

    def said(self, *words: str, exit_code: int = 0) -> Any:
        """Run a command of the program; return what it says as data."""
        return json.loads(self._said([*examples.CLI, *words, "--json"], exit_code))

    def events(self) -> list[Any]:
        """Return the events of the last run."""
        said = self._said([*examples.CLI, "runs", "events", "last", "--json"], 0)
        return [json.loads(line) for line in said.splitlines()]

    def wired(self, model: str, exit_code: int = 0) -> Any:
        """Run it with another model, whose provider speaks the script; return what it says."""
        speaking = [sys.executable, "-m", "kapell.testing.providers", "--answers", "answers.yaml"]
        command = [*examples.CLI, "run", "workflow.yaml", "--model", model, "--json"]
        said = self._said([*speaking, "--log", str(self.log), "--", *command], exit_code)
        return json.loads(said)

    def asked(self) -> list[Entry]:
        """Return what reached the provider."""
        return read(self.log)

    def acts(self) -> list[tuple[str, str, list[tuple[str, Any, Any]]]]:
        """Return what the agents of the last run said and did, and what came of it."""
        turns = self.said("runs", "turns", "last")["turns"]
        return [
            (
                f"{turn['step']}#{turn['attempt']}/{turn['turn']}",
                turn["outcome"],
                [
                    (one["tool"], one["args"], _lasting(one["observation"]))
                    for one in turn["actions"]
                ],
            )
            for turn in turns
        ]

    def _said(self, command: list[str], exit_code: int) -> str:
        ended = subprocess.run(
            [*self._beside, *command],
            cwd=self.folder,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == exit_code, ended.stderr + ended.stdout
        return ended.stdout

    def _moved(self, known: int) -> int:
        """Let what is served beside the example have a port of its own; tests run side by side."""
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        for name in ("kapell.yaml", "answers.yaml"):
            file = self.folder / name
            text = file.read_text("utf-8")
            file.write_text(text.replace(str(known), str(port)), "utf-8")
        return port


def _lasting(observation: Any) -> Any:
    """Return an observation without what differs from run to run: times and ids."""
    passing = ("seconds", "stderr", "message_id")
    if observation is None:
        return None  # a call that waits for people
    output = observation["output"]
    if isinstance(output, dict):
        return {key: value for key, value in output.items() if key not in passing}
    return output


@pytest.mark.requirement("DE-13", "TL-01", "AG-13", "WF-12")
def test_a_failing_repository_is_mended_in_a_sandbox_and_judged(tmp_path: Path) -> None:
    example = Acting(tmp_path / "w", "code-review")
    run = example.said("run", "workflow.yaml")
    assert run["status"] == "succeeded"
    assert {name: run["output"][name] for name in ("tests", "verdict", "accepted")} == {
        "tests": "passed",
        "verdict": "pass",
        "accepted": True,
    }
    turns = example.said("runs", "turns", "last", "--step", "change")["turns"]
    assert [turn["outcome"] for turn in turns] == ["acted", "acted", "acted", "answered"]
    actions = [action for turn in turns for action in turn["actions"]]
    seen = [one["observation"]["output"] for one in actions if one["tool"] == "shell.run"]
    assert [(one["backend"], one["ok"]) for one in seen] == [
        ("bubblewrap", False),
        ("bubblewrap", True),
    ]
    # What is in the workspace stays as it is: an agent changes the run's own folder.
    assert "discount / 100" not in (example.folder / "repo/shop/prices.py").read_text("utf-8")


@pytest.mark.requirement("DE-13", "TL-03", "AG-13")
def test_a_question_is_answered_from_pages_that_say_so(tmp_path: Path) -> None:
    example = Acting(tmp_path / "w", "research")
    run = example.said("run", "workflow.yaml")
    assert run["status"] == "succeeded"
    assert run["output"]["checked"] == {"sources": 3, "quotes_found": 3, "claims_without": 0}


@pytest.mark.requirement("LG-02", "LG-11", "DE-13")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", NAMES)
def test_with_a_providers_name_swapped_in_the_agents_act_alike(
    name: str, model: str, tmp_path: Path
) -> None:
    example = Acting(tmp_path / "w", name)
    (ends,) = [one.expected_exit for one in examples.find(examples.EXAMPLES) if one.name == name]
    scripted = example.said("run", "workflow.yaml", exit_code=ends)
    done = example.acts()
    assert any(actions for _, _, actions in done), "tools were called, or there is nothing to see"
    wired = example.wired(model, exit_code=ends)
    assert (wired["status"], wired["output"]) == (scripted["status"], scripted["output"])
    assert example.acts() == done
    # Each turn was one request on that vendor's wire, and was paid for; no other was made.
    asked = example.asked()
    calls = Counter(f"{wired['run_id']}:{turn}" for turn, _, _ in done)
    for what in ("received", "answered"):
        assert Counter(one.key for one in asked if one.what == what) == calls
    vendor, _, sold = model.partition(":")
    assert {(one.wire, one.model, one.fault) for one in asked} == {(vendor, sold, "")}
    assert wired["usd"] > 0 == scripted["usd"]
