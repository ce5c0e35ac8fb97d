"""What answers at once imports nothing heavy; what a floor may load is counted, not timed."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "agent_framework",
    "agents",
    "alembic",
    "anthropic",
    "asyncpg",
    "autogen_agentchat",
    "crewai",
    "google.genai",
    "langchain_core",
    "langgraph",
    "mcp",
    "openai",
    "pydantic_ai",
    "sqlalchemy",
)
WORKFLOW = """\
name: tiny
model: offline
steps:
  - {id: hello, set: {text: "hello"}}
"""
# Runs the command line in the process and tells, on its last line, what of HEAVY it loaded.
PROBE = """\
import sys
sys.argv = ["kapell", *sys.argv[1:]]
from kapell.cli.main import main
try:
    main()
except SystemExit as ended:
    code = ended.code or 0
else:
    code = 0
heavy = {heavy!r}
print()
print("loaded:", code, *[name for name in heavy if name in sys.modules])
"""


def _loaded(folder: Path, *words: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["validate", "tiny.yaml"]])
def test_light_commands_load_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(WORKFLOW, "utf-8")
    assert _loaded(tmp_path, *words) == "loaded: 0"


def test_the_probe_sees_what_is_loaded(tmp_path: Path) -> None:
    assert _heavy_after(tmp_path, "import asyncpg") == "asyncpg"


def test_core_and_services_load_nothing_heavy(tmp_path: Path) -> None:
    assert _heavy_after(tmp_path, "import kapell.core, kapell.services, kapell.kit") == ""


def _heavy_after(folder: Path, statement: str) -> str:
    code = f"import sys\n{statement}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()
