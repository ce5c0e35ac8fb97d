"""As much of Docker's HTTP API as a sandbox needs, on plain streams: attaching takes the line over.

https://docs.docker.com/reference/api/engine/
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias
from urllib.parse import urlsplit

from kapell.adapters.sandbox.problems import broken
from kapell.kit.json import Json

VERSION = "/v1.43"
NAME = "docker"
_LARGEST = 4 * 1024 * 1024

Line: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Daemon:
    """The daemon at an address: ``unix:///path`` or ``http://host:port``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = parts.path if parts.scheme == "unix" else ""
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 2375

    async def ask(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        """Return status and body of a request."""
        async with self._line() as line:
            status, headers = await _asked(line, method, path, body, {"connection": "close"})
            data = await _body(line[0], headers)
        try:
            return status, json.loads(data) if data else None
        except ValueError:
            return status, data.decode("utf-8", "replace")

    @asynccontextmanager
    async def attached(self, container: str) -> AsyncIterator[Line]:
        """Yield the line to a container's three streams."""
        path = f"/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1"
        async with self._line() as line:
            upgrade = {"connection": "Upgrade", "upgrade": "tcp"}
            status, _ = await _asked(line, "POST", path, None, upgrade)
            if status not in (101, 200):
                raise broken(NAME, f"attaching was answered with {status}")
            yield line

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        if self._socket:
            line = await asyncio.open_unix_connection(self._socket)
        else:
            line = await asyncio.open_connection(self._host, self._port)
        try:
            yield line
        finally:
            line[1].close()


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int, bytes]]:
    """Yield what comes from a container: the stream's number and its bytes."""
    while True:
        try:
            head = await reader.readexactly(8)
            yield head[0], await reader.readexactly(int.from_bytes(head[4:], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return


async def _asked(
    line: Line, method: str, path: str, body: Json, more: Mapping[str, str]
) -> tuple[int, dict[str, str]]:
    data = b"" if body is None else json.dumps(body).encode()
    headers = {
        "host": "docker",
        "content-type": "application/json",
        "content-length": str(len(data)),
        **more,
    }
    lines = [f"{method} {VERSION}{path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    line[1].write("\r\n".join([*lines, "", ""]).encode() + data)
    await line[1].drain()
    try:
        head = (await line[0].readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError):
        raise broken(NAME, "the daemon's answer cannot be read") from None
    pairs = (one.partition(":") for one in head[1:] if one)
    return status, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            found = b""
            while size := int((await reader.readline()).split(b";")[0], 16):
                found += await reader.readexactly(size)
                await reader.readline()
                if len(found) > _LARGEST:
                    break
            return found
        length = headers.get("content-length")
        return await reader.readexactly(min(int(length), _LARGEST)) if length else b""
    except (asyncio.IncompleteReadError, ValueError):
        raise broken(NAME, "the daemon's answer is cut off") from None
