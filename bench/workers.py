"""Starts and ends worker processes of ours, and waits until they are ready."""

import subprocess
import sys
from pathlib import Path

from measuring import Stamps

SCRIPT = Path(__file__).with_name("kapell_worker.py")


def start(
    at: str, workspace: Path, stamps: Path, gate: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Start a worker and return when it works, or is ready to once ``gate`` exists.

    Raises:
        TimeoutError: it did not within a minute.
        RuntimeError: it ended.
    """
    command = [sys.executable, str(SCRIPT), "--at", at, "--workspace", str(workspace)]
    command += ["--stamps", str(stamps)]
    process = subprocess.Popen([*command, *(["--gate", str(gate)] if gate else [])])
    ready = Stamps(stamps)
    for _ in range(600):
        if any(pid == process.pid and what == "ready" for _, pid, what in ready.read()):
            return process
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"the worker ended with exit code {process.returncode}")
    process.kill()
    raise TimeoutError("the worker did not begin within a minute")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a worker, kindly at first."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
