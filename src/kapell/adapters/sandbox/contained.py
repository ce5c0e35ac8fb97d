"""A child process that is fed, watched and ended: time, output and memory have an end."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter

import msgspec

from kapell.adapters.sandbox.watching import held_memory
from kapell.services.sandbox.ports import Limit, SandboxLimits

_CHUNK = 1 << 16
_LOOK_EVERY = 0.05


class Ended(msgspec.Struct, frozen=True):
    """How the child ended, and what it said on its three ways out."""

    exit: int
    stdout: str
    stderr: str
    report: bytes
    limit: Limit | None
    seconds: float


class Place(msgspec.Struct, frozen=True):
    """As whom a child runs; ``user`` None means as ourselves."""

    user: int | None = None


class _Child:
    """One child, from its start to its end."""

    def __init__(self, limits: SandboxLimits, most: int) -> None:
        self._limits = limits
        self._most = most
        self._left = limits.output
        self._limit: Limit | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._handle: int | None = None

    async def run(self, command: Sequence[str], pieces: Sequence[bytes], place: Place) -> Ended:
        began = perf_counter()
        inner, outer = os.pipe()
        try:
            process = await self._start([*command, str(outer)], outer, place)
        except BaseException:
            os.close(inner)
            raise
        finally:
            os.close(outer)
        self._process = process
        self._handle = os.pidfd_open(process.pid) if hasattr(os, "pidfd_open") else None
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - pipes, see _start
        report = await _reader(inner)
        talking = asyncio.gather(
            _feed(process.stdin, pieces),
            self._read(process.stdout),
            self._read(process.stderr),
            self._report(report),
            process.wait(),
        )
        watch = asyncio.create_task(self._watch(process.pid))
        clock = asyncio.get_running_loop().call_later(self._limits.seconds, self.end, "time")
        try:
            _, stdout, stderr, told, _ = await asyncio.shield(talking)
        except asyncio.CancelledError:
            self.end(None)
            await talking
            raise
        finally:
            watch.cancel()
            clock.cancel()
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None
        return Ended(
            exit=process.returncode or 0,
            stdout=stdout.decode("utf-8", "replace"),
            stderr=stderr.decode("utf-8", "replace"),
            report=told,
            limit=self._limit,
            seconds=perf_counter() - began,
        )

    async def _start(
        self, command: Sequence[str], report: int, place: Place
    ) -> asyncio.subprocess.Process:
        identity = (
            {}
            if place.user is None
            else {"user": place.user, "group": place.user, "extra_groups": ()}
        )
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(report,),
            cwd="/",
            env={},
            start_new_session=True,
            **identity,  # type: ignore[arg-type] # the stubs know these only one by one
        )

    def end(self, limit: Limit | None) -> None:
        """Kill the child; the first reason given is the reason."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._limit = self._limit or limit
        with suppress(ProcessLookupError):
            if self._handle is not None:
                # Popen's own kill looks first whether the child has ended, and then takes its exit
                # away from who waits for it.
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            else:
                process.kill()

    async def _read(self, stream: asyncio.StreamReader) -> bytes:
        found = bytearray()
        while data := await stream.read(_CHUNK):
            found += data[: self._left]
            self._left -= min(len(data), self._left + 1)
            if self._left < 0:
                self.end("output")
                self._left = 0
        return bytes(found)

    async def _report(self, stream: asyncio.StreamReader) -> bytes:
        found = bytearray()
        while data := await stream.read(_CHUNK):
            if len(found) <= self._most:
                found += data
            else:
                self.end("disk")
        return bytes(found)

    async def _watch(self, pid: int) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if held_memory(pid) > self._limits.memory:
                self.end("memory")
                return


async def contained(
    command: Sequence[str],
    pieces: Sequence[bytes],
    limits: SandboxLimits,
    *,
    most: int,
    place: Place,
) -> Ended:
    """Run a command; the number of the descriptor for its report is added to its arguments.

    ``pieces`` are what it reads, ``most`` how many bytes its report may have. The child ends with
    the call, whatever happens; what it started itself has to end with it.
    """
    return await _Child(limits, most).run(command, pieces, place)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _feed(stream: asyncio.StreamWriter, pieces: Sequence[bytes]) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        for piece in pieces:
            for at in range(0, len(piece), _CHUNK):
                stream.write(piece[at : at + _CHUNK])
                await stream.drain()
        stream.close()
        await stream.wait_closed()
