"""The tools of the house are set as strict as STYLE says: a plant for each family of rules."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOC = '"""Why this module exists."""\n'

# The plant is read as a module of the core, under the project's own settings.
RUFF_IN = (
    "--config",
    str(ROOT / "pyproject.toml"),
    "--stdin-filename",
    "src/kapell/core/a.py",
    "-",
)

# family -> (a text that breaks it, the code that must be reported)
RUFF = {
    "E": (DOC + "A = " + "1 + " * 40 + "1\n", "E501"),
    "F": (DOC + "A = b\n", "F821"),
    "W": (DOC + "A = 1 \n", "W291"),
    "I": (DOC + "import json\nimport ast\nA = (ast, json)\n", "I001"),
    "UP": (DOC + "from typing import List\nA: List[int] = []\n", "UP035"),
    "B": (DOC + "def act(a: list[int] = []) -> None:\n    '''Act.'''\n", "B006"),
    "D": (DOC + "def act() -> None:\n    pass\n", "D103"),
    "DTZ": (DOC + "import datetime\nA = datetime.datetime.now()\n", "DTZ005"),
    "RUF": (DOC + "A = [*[1]] + [2]\n", "RUF005"),
    "S": (DOC + "import pickle\nA = pickle.loads(b'')\n", "S301"),
    "SIM": (DOC + "A = 1\nB = True if A else False\n", "SIM210"),
    "T20": (DOC + "print(1)\n", "T201"),
    "TID": (DOC + "from . import clock\nA = clock\n", "TID252"),
    "C90": (
        DOC
        + "def act(a: int) -> int:\n    '''Act.'''\n"
        + "".join(f"    if a == {n}:\n        a += 1\n" for n in range(13))
        + "    return a\n",
        "C901",
    ),
    "PLC0415": (DOC + "def act() -> None:\n    '''Act.'''\n    import ast\n", "PLC0415"),
    "ASYNC": (
        DOC + "import time\nasync def act() -> None:\n    '''Act.'''\n    time.sleep(1)\n",
        "ASYNC251",
    ),
}


def _selected() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    selected = config["tool"]["ruff"]["lint"]["select"]
    assert isinstance(selected, list)
    return selected


@pytest.mark.parametrize("family", RUFF)
def test_the_ruff_family_bites(family: str) -> None:
    text, code = RUFF[family]
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("ruff")), "check", "--output-format=concise", *RUFF_IN],
        input=text,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert f" {code} " in ended.stdout


def test_every_ruff_family_has_a_plant() -> None:
    assert sorted(RUFF) == sorted(_selected())


@pytest.mark.slow
def test_mypy_is_strict(tmp_path: Path) -> None:
    plant = tmp_path / "plant.py"
    plant.write_text("def act(a):\n    return a\n\n\nact(1)  # type: ignore\n", "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    ended = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), str(plant)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "[no-untyped-def]" in ended.stdout
    assert "[ignore-without-code]" in ended.stdout or "[unused-ignore]" in ended.stdout


def test_the_lock_names_public_addresses_only() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    for package in lock["package"]:
        source = package["source"]
        assert source in ({"registry": "https://pypi.org/simple"}, {"editable": "."})
        for file in [package.get("sdist"), *package.get("wheels", [])]:
            assert file is None or file["url"].startswith("https://files.pythonhosted.org/")
            assert file is None or file["hash"].startswith("sha256:")


def test_the_lock_belongs_to_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    (ours,) = [package for package in lock["package"] if package["name"] == "kapell"]
    extras = project["project"].get("optional-dependencies", {})
    optional = [requirement for extra in extras.values() for requirement in extra]
    assert _names(project["project"]["dependencies"] + optional) == {
        entry["name"] for entry in ours["metadata"]["requires-dist"]
    }
    assert _names(project["dependency-groups"]["dev"]) == {
        entry["name"] for entry in ours["metadata"]["requires-dev"]["dev"]
    }


def _names(requirements: list[str]) -> set[str]:
    cut = str.maketrans("[<>=~!; ", "        ")
    return {
        requirement.translate(cut).split()[0].lower().replace(".", "-").replace("_", "-")
        for requirement in requirements
    }
