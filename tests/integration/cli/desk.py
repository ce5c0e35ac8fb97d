"""Calls the command line the way a person does, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kapell.cli.main import call

COMMAND = (sys.executable, "-m", "kapell.cli.main")


class Said(NamedTuple):
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Return the JSON document it wrote."""
        return json.loads(self.out)


class Desk:
    """A folder in which commands are called.

    Attributes:
        folder: The workspace.
    """

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def call(self, *words: str) -> Said:
        """Carry out one command in this process."""
        self._capture.readouterr()
        code = call(words)
        said = self._capture.readouterr()
        return Said(int(code), said.out, said.err)

    def ok(self, *words: str) -> Said:
        """Carry out one command that must succeed."""
        said = self.call(*words)
        assert said.code == 0, said
        return said

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the workspace."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def begin(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Begin one command in a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def together(self, *words: str) -> str:
        """Carry out one command whose two outputs go into one pipe; return what came."""
        with subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            return process.communicate(timeout=60)[0]

    def run(self, *words: str, **environment: str) -> Said:
        """Carry out one command in a process of its own."""
        ended = subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)
