"""A contestant's script as a process of its own: started, heard, and ended with all it started."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Fact: TypeAlias = Mapping[str, object]
_NOT_OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Said:
    """The facts a script said, and why it failed, "" if it did not."""

    facts: Sequence[Fact]
    failure: str


def run(command: Sequence[str | Path], folder: Path, timeout: float) -> Said:
    """Run a script to its end, or end it and everything it started after ``timeout`` seconds."""
    around = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    failure = ""
    try:
        out, errors = process.communicate(timeout=timeout)
        if process.returncode:
            failure = _last(errors) or f"exit code {process.returncode}"
    except subprocess.TimeoutExpired:
        failure = f"did not end within {timeout:.0f} s"
        _end(process)
        out, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    finally:
        _end(process)  # what it left behind shares its group
    return Said(_facts(out), failure)


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _last(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return " | ".join(lines[-3:])[-400:]


def _facts(out: str) -> Sequence[Fact]:
    facts: list[Fact] = []
    for line in out.splitlines():
        with suppress(json.JSONDecodeError):
            found = json.loads(line)
            if isinstance(found, dict) and "kind" in found:
                facts.append(found)
    return facts
