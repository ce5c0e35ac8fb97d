"""A terminal for a process: what it draws is read, what a person types is written."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.integration.cli.desk import COMMAND

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE = 30.0
"""Seconds after which what a terminal should show is taken to be missing."""


class Terminal:
    """A command that believes a person sits before it.

    Args:
        folder: Where it is called.
        words: The command.
        environment: What is set besides.
    """

    def __init__(self, folder: Path, *words: str, environment: Mapping[str, str] = {}) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=folder,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40", **environment},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            close_fds=True,
        )
        os.close(slave)
        self.raw = ""

    @property
    def text(self) -> str:
        """Return what was shown so far, without colours and cursor moves."""
        return _ESCAPES.sub("", self.raw)

    def until(self, wanted: str) -> None:
        """Read until a text is shown."""
        ends = time.monotonic() + PATIENCE
        while wanted not in self.text:
            if not self._read(ends):
                self._process.kill()
                self._process.wait()
                raise AssertionError(f"{wanted!r} was never shown:\n{self.text}")

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, f"{text}\n".encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        ends = time.monotonic() + PATIENCE
        while self._read(ends):
            pass
        code = self._process.wait(timeout=PATIENCE)
        os.close(self._master)
        return code

    def _read(self, ends: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            # Linux says so when the other side has closed the terminal.
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)
