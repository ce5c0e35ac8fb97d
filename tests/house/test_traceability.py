"""Marks and outcomes reach the record, and from there the page, with and without xdist."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.traceability import read_requirements, read_shown, render

ROOT = Path(__file__).parents[2]
SUITE = """\
import pytest

@pytest.mark.requirement("DX-05")
@pytest.mark.parametrize("n", [1, 2])
def test_saga(n): assert n == 1

@pytest.mark.requirement("DX-05", "WF-05")
@pytest.mark.parametrize("store", ["here", "elsewhere"])
def test_undo(store):
    if store == "elsewhere":
        pytest.skip("there is no server | here")

@pytest.mark.requirement("WF-06")
@pytest.mark.skip(reason="needs a screen")
def test_drawn(): assert False

def test_unmarked(): assert True
"""
CONFTEST = 'pytest_plugins = ["tests.traceability_plugin"]\n'
TSV = "id\tgroup\trequirement\tseeds\tacceptance\nDX-05\tDurable\tSaga | undo\t002\tgreen\n"


def _suite(folder: Path, text: str = SUITE) -> Path:
    (folder / "docs/reference").mkdir(parents=True)
    (folder / "docs/reference/requirements.tsv").write_text(
        TSV + "WF-05\tWorkflow\tRollback\t004\ttest green\nWF-06\tWorkflow\tDrawn\t004\tseen\n"
        "WF-07\tWorkflow\tNot yet\t004\tlater\n",
        "utf-8",
    )
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers = requirement(*ids): x\n"
        f"pythonpath = {ROOT}\naddopts = -p no:cacheprovider\n",
        "utf-8",
    )
    (folder / "test_it.py").write_text(text, "utf-8")
    return folder


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", *words]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=folder, env=alone, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "words", [[], pytest.param(["-n", "2"], marks=pytest.mark.slow)], ids=["alone", "xdist"]
)
def test_marks_and_outcomes_reach_the_page(words: list[str], tmp_path: Path) -> None:
    folder = _suite(tmp_path)
    ended = _run(folder, *words)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert json.loads((folder / ".traceability/cases.json").read_text("utf-8")) == {
        "test_it.py::test_drawn": {
            "cases": {"skipped": 1},
            "reasons": ["needs a screen"],
            "requirements": ["WF-06"],
        },
        "test_it.py::test_saga": {
            "cases": {"failed": 1, "passed": 1},
            "reasons": [],
            "requirements": ["DX-05"],
        },
        "test_it.py::test_undo": {
            "cases": {"passed": 1, "skipped": 1},
            "reasons": ["there is no server | here"],
            "requirements": ["DX-05", "WF-05"],
        },
    }
    page = render(read_requirements(folder), read_shown(folder))
    assert "4 requirements, 3 with tests: of these 1 passed, 1 failed, 1 skipped whole." in page
    both = "`test_it.py::test_saga`<br>`test_it.py::test_undo`"
    skipped = "skipped: 1 (there is no server \\| here)"
    failed = f"failed: 1, passed: 2, {skipped}"
    assert f"| DX-05 | Saga \\| undo | green | {both} | {failed} |" in page
    undo = "`test_it.py::test_undo`"
    assert f"| WF-05 | Rollback | test green | {undo} | passed: 1, {skipped} |" in page
    drawn = "`test_it.py::test_drawn`"
    assert f"| WF-06 | Drawn | seen | {drawn} | skipped: 1 (needs a screen) |" in page
    assert "| WF-07 | Not yet | later |  |  |" in page


@pytest.mark.slow
def test_a_partial_run_renews_its_own_tests_only(tmp_path: Path) -> None:
    folder = _suite(tmp_path)
    _run(folder)
    (folder / "test_it.py").write_text(SUITE.replace("n == 1", "n"), "utf-8")
    assert _run(folder, "test_it.py::test_saga").returncode == 0
    results = json.loads((folder / ".traceability/cases.json").read_text("utf-8"))
    assert {name: entry["cases"] for name, entry in results.items()} == {
        "test_it.py::test_drawn": {"skipped": 1},
        "test_it.py::test_saga": {"passed": 2},
        "test_it.py::test_undo": {"passed": 1, "skipped": 1},
    }
    page = render(read_requirements(folder), read_shown(folder))
    assert "4 requirements, 3 with tests: of these 2 passed, 0 failed, 1 skipped whole." in page


def test_an_unknown_requirement_stops_the_collection(tmp_path: Path) -> None:
    ended = _run(_suite(tmp_path, SUITE.replace("WF-05", "WF-99")))
    assert ended.returncode == 4
    assert "no requirement 'WF-99'" in ended.stdout + ended.stderr


def test_every_requirement_of_the_plans_is_listed() -> None:
    requirements = read_requirements(ROOT)
    assert len(requirements) == len({item.id for item in requirements}) == 184
    assert all(item.text and item.group for item in requirements)
