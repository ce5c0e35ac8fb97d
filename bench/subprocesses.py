"""A contestant's script as a process of its own: started, heard, and ended with all it started."""

import json
import os
import select
import signal
import subprocess
import time
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
    # Files, not pipes: a child the script leaves behind may keep a pipe open for ever.
    with (folder / "said").open("w+") as out, (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=_around(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
        failure = ""
        try:
            if process.wait(timeout):
                errors.seek(0)
                failure = _last(errors.read()) or f"exit code {process.returncode}"
        except subprocess.TimeoutExpired:
            failure = f"did not end within {timeout:g} s"
        finally:
            _end(process)  # what it left behind shares its group
            process.wait()
        out.seek(0)
        return Said(_facts(out.read()), failure)


class Player:
    """A script that is up as long as its work, does a little in its turn, and is stopped between.

    Stopped by SIGSTOP: what it does in the background takes nothing from the others.
    """

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        self._errors = (folder / "errors").open("w+")
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=_around(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        self._rest = b""

    def ready(self, timeout: float) -> Said:
        """Return what it says until it is ready for its first turn; it is stopped then."""
        return self._listen(timeout)

    def turn(self, timeout: float) -> Said:
        """Let it take its turn."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("a player has an input")
        os.killpg(self._process.pid, signal.SIGCONT)
        with suppress(BrokenPipeError):
            stdin.write(b"\n")
            stdin.flush()
        return self._listen(timeout)

    def end(self, timeout: float) -> Said:
        """Let it end, and return what it says at last."""
        os.killpg(self._process.pid, signal.SIGCONT)
        try:
            out, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return Said((), f"did not end within {timeout:g} s")
        finally:
            self.kill()
        failure = self._failure() if self._process.returncode else ""
        return Said(_facts((self._rest + out).decode()), failure)

    def kill(self) -> None:
        """End it at once, with everything it started."""
        _end(self._process)
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            if file is not None:
                with suppress(BrokenPipeError):
                    file.close()

    def _listen(self, timeout: float) -> Said:
        facts: list[Fact] = []
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            line = self._line(left)
            if line is None:
                return Said(facts, self._failure())
            for fact in _facts(line):
                if fact["kind"] == "turn":
                    self._stop()
                    return Said(facts, "")
                facts.append(fact)
        return Said(facts, f"did not take its turn within {timeout:g} s")

    def _stop(self) -> None:
        """Stop it, and return when it stands still."""
        pid = self._process.pid
        os.killpg(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def _line(self, seconds: float) -> str | None:
        """Return a line, "" when none came in time, None when no more will come."""
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("a player has an output")
        while b"\n" not in self._rest:
            ready, _, _ = select.select([stdout], [], [], seconds)
            if not ready:
                return ""
            new = os.read(stdout.fileno(), 65536)
            if not new:
                return None
            self._rest += new
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def _failure(self) -> str:
        self._errors.seek(0)
        return _last(self._errors.read()) or "ended before its turn"


def _around() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS}


def _end(process: "subprocess.Popen[bytes]") -> None:
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
