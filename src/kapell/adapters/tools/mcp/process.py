"""A server that is started here: messages line by line, each bounded, and an end it cannot refuse.

The SDK's own transport keeps a line whole however long it grows, and copies it for each piece that
comes: one answer of a hundred megabytes would hold every run of a worker.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from kapell.adapters.tools.mcp.bounds import LONGEST, Heard

Incoming: TypeAlias = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing: TypeAlias = MemoryObjectSendStream[SessionMessage]

_PIECE = 65_536
_LARGE = 1_000_000
"""Bytes from which on a message is read in a thread: it takes longer than others can wait."""
_PATIENCE = 2.0
"""Seconds a server has to go after its input ended, and once more after it was told to."""
_FLUSH = 0.5
_LOOK_EVERY = 0.01
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError)


@asynccontextmanager
async def started(
    command: Sequence[str], env: Mapping[str, str], cwd: str, heard: Heard
) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    """Enter with a way to a new server; leave when it and what it started are gone.

    Args:
        command: The program and its arguments.
        env: Variables beside the few usual ones.
        cwd: Where it starts.
        heard: Takes what it says beside its messages.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**get_default_environment(), **env},
        cwd=cwd,
        start_new_session=True,
    )
    to_us, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_server = anyio.create_memory_object_stream[SessionMessage](0)
    written, drained = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_hear, process.stdout, to_us, heard, drained)
        tasks.start_soon(_say, process.stdin, to_server, to_us, written)
        tasks.start_soon(_note, process.stderr, heard)
        try:
            yield incoming, outgoing
        finally:
            with anyio.CancelScope(shield=True):
                incoming.close()
                outgoing.close()
                with anyio.move_on_after(_FLUSH):
                    await written.wait()
                await _ended(process, heard)
                with anyio.move_on_after(_FLUSH):
                    await drained.wait()
            tasks.cancel_scope.cancel()
    # One turn of the loop, in which the pipes notice that they are closed.
    await asyncio.sleep(0)


class Lines:
    """Puts pieces together to lines, none longer than ``most`` bytes."""

    def __init__(self, most: int = LONGEST) -> None:
        self._most = most
        self._begun = bytearray()

    def whole(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end in this piece.

        Raises:
            OverflowError: a line is too long.
        """
        *ended, rest = piece.split(b"\n")
        for line in ended:
            self._more(line)
            yield bytes(self._begun)
            self._begun.clear()
        self._more(rest)

    def _more(self, data: bytes) -> None:
        if len(self._begun) + len(data) > self._most:
            raise OverflowError
        self._begun += data


async def _hear(
    stdout: asyncio.StreamReader | None,
    to_us: MemoryObjectSendStream[SessionMessage | Exception],
    heard: Heard,
    drained: anyio.Event,
) -> None:
    try:
        async with to_us:
            async for line in _lines(stdout, heard):
                message = await _message(line, heard)
                if message is not None:
                    await to_us.send(message)
    except _GONE:
        pass  # nobody listens any more
    finally:
        # A server that cannot write could not end by itself.
        async for _ in _pieces(stdout):
            continue
        drained.set()


async def _lines(stdout: asyncio.StreamReader | None, heard: Heard) -> AsyncIterator[bytes]:
    """Yield the lines until there is no more, or one is too long."""
    lines = Lines()
    try:
        async for piece in _pieces(stdout):
            for line in lines.whole(piece):
                yield line
    except OverflowError:
        heard.flooded = True


async def _pieces(pipe: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    with suppress(OSError):
        while pipe is not None and (piece := await pipe.read(_PIECE)):
            yield piece


async def _message(line: bytes, heard: Heard) -> SessionMessage | None:
    """Return a line as a message, None when it is none."""
    if not line.strip():
        return None
    try:
        if len(line) > _LARGE:
            return await asyncio.to_thread(_read, line)
        return _read(line)
    except ValueError:
        heard.junk(line)
        return None


def _read(line: bytes) -> SessionMessage:
    return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))


async def _say(
    stdin: asyncio.StreamWriter | None,
    to_server: MemoryObjectReceiveStream[SessionMessage],
    to_us: MemoryObjectSendStream[SessionMessage | Exception],
    written: anyio.Event,
) -> None:
    try:
        async with to_server:
            async for one in to_server:
                if stdin is not None:
                    text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                    stdin.write(text.encode() + b"\n")
                    await stdin.drain()
    except (OSError, *_GONE):
        # It may live on without listening: a call must not wait for ever.
        await to_us.aclose()
    finally:
        written.set()


async def _note(stderr: asyncio.StreamReader | None, heard: Heard) -> None:
    """Read what it complains of to the end: a full pipe would stop it."""
    async for piece in _pieces(stderr):
        heard.complaint(piece)


async def _ended(process: asyncio.subprocess.Process, heard: Heard) -> None:
    """End the server and what it started: by its input, by asking, by force."""
    if process.stdin is not None:
        process.stdin.close()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        elif heard.flooded:
            continue
        if await _left(process):
            return


async def _left(process: asyncio.subprocess.Process) -> bool:
    """Tell whether everybody of the server's group left while it was waited for."""
    until = anyio.current_time() + _PATIENCE
    while lives := _lives(process):
        if anyio.current_time() >= until:
            break
        await anyio.sleep(_LOOK_EVERY)
    return not lives


def _lives(process: asyncio.subprocess.Process) -> bool:
    """Tell whether anybody of the server's group is there: it began a session of its own."""
    if process.returncode is None:
        return True
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody is there who is not ours
    return True
