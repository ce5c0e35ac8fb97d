"""What is claimed of compliance exists: code, tests, commands; every control and capability."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kapell.cli.catalogue import COMMANDS, INNER
from scripts import generate_compliance as compliance

ROOT = Path(__file__).parents[3]
SIZES = {
    "GOVERN": {1: 7, 2: 3, 3: 2, 4: 3, 5: 2, 6: 2},
    "MAP": {1: 6, 2: 3, 3: 5, 4: 2, 5: 2},
    "MEASURE": {1: 3, 2: 13, 3: 3, 4: 3},
    "MANAGE": {1: 4, 2: 4, 3: 2, 4: 3},
}
"""How many controls each category of the framework has."""

CLAIM = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)?)`")


def holds(test: str) -> bool:
    """Tell whether a test that is named exists."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.exists() and (not name or f"def {name}(" in file.read_text("utf-8"))


@pytest.mark.requirement("GR-11")
def test_every_control_of_the_framework_is_answered() -> None:
    mechanisms, controls, _ = compliance.load()
    expected = [
        f"{function} {category}.{number}"
        for function, categories in SIZES.items()
        for category, count in categories.items()
        for number in range(1, count + 1)
    ]
    assert [one["id"] for one in controls] == expected
    for one in controls:
        assert one["mechanisms"], one["id"]
        assert set(one["mechanisms"]) <= set(mechanisms), one["id"]
        assert one["asks"].endswith("."), one["id"]
        assert one["answer"].endswith("."), one["id"]
        assert one["by"] in {"product", "shared", "operator"}


@pytest.mark.requirement("GR-11")
def test_what_answers_exists() -> None:
    mechanisms, controls, _ = compliance.load()
    used = {name for one in controls for name in one["mechanisms"]}
    assert used == set(mechanisms), "no mechanism stands there for nothing"
    for name, one in mechanisms.items():
        assert [path for path in one["code"] if not (ROOT / path).exists()] == [], name
        assert [test for test in one["tests"] if not holds(test)] == [], name
        assert one["tests"], name
        for words in (line.split() for line in one["evidence"]):
            if words[0] == "kapell" and not words[1].startswith("-"):
                assert words[1] in COMMANDS, words
                inner = INNER.get(words[1])
                assert inner is None or words[2].startswith("-") or words[2] in inner, words


@pytest.mark.requirement("GR-11")
def test_every_capability_of_the_library_is_assessed() -> None:
    mechanisms, _, risks = compliance.load()
    able = {name for agent in compliance.agents() for name in agent.capabilities}
    assessed = [name for one in risks for name in one["capabilities"]]
    assert sorted(assessed) == sorted(able), "each once, and none that nobody has"
    for one in risks:
        assert {one["likelihood"], one["gravity"]} <= {"low", "medium", "high"}
        assert set(one["mechanisms"]) <= set(mechanisms), one["title"]


def test_the_pages_are_those_of_today() -> None:
    assert compliance.PAGE.read_text("utf-8") == compliance.page()
    assert compliance.RISK_PAGE.read_text("utf-8") == compliance.risk_page()


@pytest.mark.requirement("GR-11")
def test_the_report_is_data() -> None:
    said = subprocess.run(
        [sys.executable, "scripts/generate_compliance.py", "--json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(said.stdout)
    assert len(found["controls"]) == 72
    assert sum(found["counts"].values()) == 72
    assert all(one["tests"] and one["code"] and one["evidence"] for one in found["controls"])
    assert all(one["agents"] for one in found["risks"])


@pytest.mark.parametrize(
    "page",
    [
        "threat-model.md",
        pytest.param("asl-3-assessment.md", marks=pytest.mark.requirement("GR-12")),
    ],
)
def test_each_claim_of_a_page_names_a_test_that_exists(page: str) -> None:
    text = (ROOT / "docs" / "explanation" / page).read_text("utf-8")
    named = CLAIM.findall(text)
    assert named
    assert [test for test in named if not holds(test)] == []
