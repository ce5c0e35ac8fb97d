"""The peers' environments: one each, under ``bench/.envs``, from a file of pinned versions."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE / ".envs"
WORK = FOLDER / "work"
"""Where databases and files of a bench lie while it runs: on the disk of the checkout."""
SHOWN = {
    "langgraph": (
        "langgraph",
        "langgraph-checkpoint-sqlite",
        "langgraph-checkpoint-postgres",
        "psycopg",
    ),
    "dbos": ("dbos", "sqlalchemy", "psycopg"),
    "pydantic-ai": ("pydantic-ai-slim", "openai"),
    "langgraph-agent": ("langgraph", "langgraph-prebuilt", "langchain-openai", "openai"),
    "agent-framework": ("agent-framework-core", "agent-framework-openai", "openai"),
    "litellm": ("litellm", "openai"),
    "presidio": ("presidio-analyzer", "presidio-anonymizer"),
}


def pins(peer: str) -> dict[str, str]:
    """Return a peer's pinned versions by package."""
    lines = (HERE / "peers" / f"{peer}.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name.strip(): version.strip() for name, version in pairs}


def python(peer: str) -> Path:
    """Return the interpreter of a peer's environment."""
    return FOLDER / peer / "bin" / "python"


def prepare(peer: str) -> None:
    """Make a peer's environment, or leave it when it has the pinned versions already.

    Raises:
        RuntimeError: the versions could not be installed.
    """
    wanted = HERE / "peers" / f"{peer}.txt"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    marker = FOLDER / peer / ".made"
    if marker.is_file() and marker.read_text() == digest:
        return
    print(f"installing {peer} {pins(peer)[SHOWN[peer][0]]}", flush=True)
    shutil.rmtree(FOLDER / peer, ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    for arguments in (
        ["venv", "--quiet", "--python", sys.executable, str(FOLDER / peer)],
        ["pip", "install", "--quiet", "--python", str(python(peer)), "-r", str(wanted)],
    ):
        done = subprocess.run(
            [uv, *arguments], capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{peer} could not be installed: {done.stderr.strip()[-500:]}")
    marker.write_text(digest)
