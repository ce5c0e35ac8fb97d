"""What a command costs before it does anything: processor time of the whole process.

Usage: starting.py --folder FOLDER --variant bare|help|validate [--count N]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from measuring import sample, setting

WORKFLOW = """\
name: small
description: Three steps of plain values, for measuring how long validation takes to begin.
inputs:
  name: {type: string, default: world}
steps:
  - id: greet
    set: {text: "Hello {{ inputs.name }}"}
  - id: shout
    when: inputs.name != ''
    set: {text: "{{ steps.greet.output.text | upper }}"}
  - id: answer
    ask: "Say this: {{ steps.shout.output.text }}"
    model: offline
outputs:
  text: "{{ steps.shout.output.text }}"
"""
HEAVY = ("sqlalchemy", "pydantic_ai", "openai", "anthropic", "google.genai", "asyncpg", "alembic")
KAPELL = "from kapell.cli.main import main; main()"
COMMANDS = {
    "bare": ["-c", "import typer, rich.console"],
    "help": ["-c", KAPELL, "--help"],
    "validate": ["-c", KAPELL, "validate", "small.yaml"],
}


def spend(command: list[str], folder: Path) -> float:
    """Return the processor milliseconds of a process, its children included.

    Raises:
        RuntimeError: it failed.
    """
    with (folder / "output").open("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[2:]} failed: {said.read()[-400:]}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def heavy(command: list[str], folder: Path) -> list[str]:
    """Return the heavy modules a process imported."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    modules = {line.rpartition("|")[2].strip() for line in lines}
    return [name for name in HEAVY if name in modules]


def main() -> None:
    """Measure one of the commands."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variant", choices=tuple(COMMANDS), required=True)
    parser.add_argument("--count", type=int, default=1)
    asked = parser.parse_args()
    (asked.folder / "small.yaml").write_text(WORKFLOW)
    command = [sys.executable, *COMMANDS[asked.variant]]
    spend(command, asked.folder)  # the first one may have to compile
    for _ in range(asked.count):
        sample("cpu_ms", spend(command, asked.folder))
    if asked.variant != "bare":
        found = heavy(command, asked.folder)
        sample("heavy_imports", len(found))
        setting("heavy modules imported", ", ".join(found) or "none")


if __name__ == "__main__":
    main()
