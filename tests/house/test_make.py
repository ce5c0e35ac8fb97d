"""The entry points of the house agree: Makefile, README, .ci/run and the hosted workflow."""

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("target", ["demo", "test", "check", "examples", "bench", "docs", "clean"])
def test_the_target_is_there_and_explained(target: str) -> None:
    assert target in TARGETS
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(rf"^  make {target} +\w", listed.stdout, re.MULTILINE)


def test_what_guards_main_runs_the_readmes_test_command() -> None:
    commands = (ROOT / ".ci/run").read_text("utf-8").splitlines()[-2:]
    assert commands == ["make check", "make test"]
    assert re.search(r"^make test\b", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)


def test_the_hosted_workflow_calls_make_targets_only() -> None:
    workflow = YAML(typ="safe").load(ROOT / ".github/workflows/ci.yml")
    commands = [step["run"] for step in workflow["jobs"]["suite"]["steps"] if "run" in step]
    assert {"make check", "make test", "make demo", "make examples"} == set(commands)
    assert all(command.removeprefix("make ") in TARGETS for command in commands)


def test_the_fast_suite_leaves_the_slow_ones_out() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "fast"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '-m "not slow and not crash and not postgres"' in shown.stdout
