"""Import-linter's contracts hold on our tree, and each breaks on a planted one."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".importlinter"
FLOORS = (
    "adapters",
    "adapters/db",
    "adapters/doorbell",
    "adapters/llm",
    "adapters/tools",
    "adapters/tools/sql",
    "adapters/tools/sql/child",
    "api",
    "bootstrap",
    "cli",
    "core",
    "core/agents",
    "core/runs",
    "kit",
    "projections",
    "services",
    "services/runs",
    "settings",
    "testing",
    "worker",
)
# What is allowed, so that a broken contract is the plant's doing and not the ban's width.
ALLOWED = {
    "kapell/bootstrap/wire.py": "import kapell.adapters.db, kapell.settings, kapell.services",
    "kapell/adapters/db/store.py": "import sqlite3, sqlalchemy, asyncpg, alembic, os",
    "kapell/adapters/doorbell/bell.py": "import asyncpg",
    "kapell/adapters/tools/sql/child/lite.py": "import sqlite3, duckdb",
    "kapell/adapters/llm/ask.py": "import pydantic_ai.direct, openai, anthropic, google.genai",
    "kapell/core/runs/fold.py": "import json, datetime\nimport kapell.core.agents",
    "kapell/services/runs/advance.py": "import asyncio, os, time\nimport kapell.core.runs",
    "kapell/cli/main.py": "import kapell.bootstrap, typer",
}
# contract -> files that break it, and what the report must name
PLANTS: dict[str, list[tuple[str, str, str]]] = {
    "floors": [
        ("kapell/kit/up.py", "import kapell.core.runs", "kapell.kit.up"),
        ("kapell/core/up.py", "import kapell.services", "kapell.core.up"),
        ("kapell/services/side.py", "import kapell.projections", "kapell.services.side"),
        ("kapell/testing/side.py", "import kapell.adapters.db", "kapell.testing.side"),
        ("kapell/attic.py", "", "attic"),
    ],
    "rooms": [("kapell/core/agents/back.py", "import kapell.core.runs", "agents")],
    "pure": [
        (f"kapell/{floor}/use_{module}.py", f"import {module}", f"kapell.{floor}.use_{module}")
        for floor, module in (
            ("kit", "time"),
            ("kit", "random"),
            ("core", "os"),
            ("core", "asyncio"),
            ("core", "socket"),
            ("core", "subprocess"),
            ("core", "sqlalchemy"),
            ("core", "fastapi"),
            ("core", "httpx"),
            ("core", "pydantic_ai"),
            ("projections", "sqlite3"),
        )
    ],
    "ports": [("kapell/services/runs/sql.py", "import httpx", "kapell.services.runs.sql")],
    "wiring": [("kapell/cli/wire.py", "import kapell.adapters.db", "kapell.cli.wire")],
    "adapters": [("kapell/adapters/db/ring.py", "import kapell.adapters.llm", "adapters.db.ring")],
    "sql": [
        ("kapell/adapters/llm/cache.py", "import sqlite3", "kapell.adapters.llm.cache"),
        ("kapell/bootstrap/sql.py", "from sqlalchemy import text", "kapell.bootstrap.sql"),
        ("kapell/adapters/tools/rows.py", "import duckdb", "kapell.adapters.tools.rows"),
        ("kapell/adapters/doorbell/sql.py", "import alembic", "kapell.adapters.doorbell.sql"),
    ],
    "models": [
        ("kapell/adapters/db/ask.py", "import openai", "kapell.adapters.db.ask"),
        ("kapell/worker/ask.py", "from google import genai", "kapell.worker.ask"),
        ("kapell/testing/ask.py", "import pydantic_ai.models", "kapell.testing.ask"),
    ],
}


def _names() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(CONFIG, "utf-8")
    prefix = "importlinter:contract:"
    return {
        section.removeprefix(prefix): config[section]["name"]
        for section in config.sections()
        if section.startswith(prefix)
    }


def _lint(folder: Path, config: Path = CONFIG) -> tuple[int, str]:
    code = (
        "import sys; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(config)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "200", "PYTHONPATH": str(folder)},
    )
    return ended.returncode, re.sub(r"\s+", " ", ended.stdout + ended.stderr)


def _house(folder: Path, files: dict[str, str]) -> Path:
    packages = ("kapell", *(f"kapell/{floor}" for floor in FLOORS))
    for package in packages:
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").touch()
    for path, text in files.items():
        assert not (folder / path).exists()
        (folder / path).write_text(text + "\n", "utf-8")
    return folder


# The checks before the fast suite ask this of import-linter themselves.
@pytest.mark.slow
def test_our_tree_keeps_every_contract() -> None:
    code, report = _lint(ROOT / "src")
    assert code == 0, report


def test_what_the_design_allows_is_allowed(tmp_path: Path) -> None:
    code, report = _lint(_house(tmp_path, ALLOWED))
    assert code == 0, report


@pytest.mark.parametrize("contract", PLANTS)
def test_the_contract_bites(contract: str, tmp_path: Path) -> None:
    planted = {path: text for path, text, _ in PLANTS[contract]}
    code, report = _lint(_house(tmp_path, {**ALLOWED, **planted}))
    assert code == 1, report
    assert f"{_names()[contract]} BROKEN" in report
    for _, _, culprit in PLANTS[contract]:
        assert culprit in report


def test_every_contract_has_a_plant() -> None:
    assert PLANTS.keys() == _names().keys()
