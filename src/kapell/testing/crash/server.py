"""Starts the fork server and speaks to it: one line of JSON there, one back."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from kapell.kit.errors import Bug
from kapell.testing.crash.mission import Mission


class Answer(msgspec.Struct, frozen=True):
    """``pid`` of a process begun, or the ``code`` with which one ended (minus its signal)."""

    pid: int = 0
    code: int = 0


class ForkServer:
    """A server that forks workers; use it as ``with ForkServer(environment) as server:``.

    Args:
        program: What carries a mission out, as ``module:function``.
        preload: Modules to import once, before anything is forked.
        environment: Variables of the processes beside ours.
    """

    def __init__(
        self,
        program: str,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._arguments = (program, *preload)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "kapell.testing.crash", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)

    def start(self, mission: Mission) -> int:
        """Fork a worker and return its process id."""
        return self._ask({"start": mission}).pid

    def wait(self, pid: int) -> int:
        """Return how a worker ended: 0, or minus the signal that ended it."""
        return self._ask({"wait": pid}).code

    async def run(self, mission: Mission) -> int:
        """Fork a worker and return how it ended."""
        pid = await asyncio.to_thread(self.start, mission)
        return await asyncio.to_thread(self.wait, pid)

    def _ask(self, request: object) -> Answer:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the fork server is not started")
        with self._turn:
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            raise Bug("The fork server is gone.", code="crash_server")
        return msgspec.json.decode(line, type=Answer)
