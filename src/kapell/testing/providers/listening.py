"""What every server of ours on loopback has in common: it listens, and it stops."""

import asyncio
import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from kapell.testing.providers.http import HttpServer, Reply, Request


class Listening(ABC):
    """A server on a loopback port; use it as ``async with server:``.

    Args:
        port: Where it listens; 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted = port
        self._server = HttpServer(self._serve)

    @abstractmethod
    async def _serve(self, request: Request, reply: Reply) -> None:
        """Answer a request."""

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._server.port

    @property
    def origin(self) -> str:
        """Return its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int | None = None) -> None:
        """Begin to listen."""
        await self._server.start(self._wanted if port is None else port)

    async def close(self) -> None:
        """Stop; answers under way break off."""
        await self._server.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def apart(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return a server's own words and, after ``--``, the command it serves."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


async def serve_beside(url: str, command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Let a server be there as long as a command runs, or until SIGINT or SIGTERM.

    Args:
        url: Its address, printed when there is no command.
        command: What is run; empty for nothing.
        variables: Set in the command's environment.

    Returns:
        The exit code of the command.
    """
    if command:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
        return await process.wait()
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    return 0
