"""As much of an HTTP/1.1 server as servers on loopback need, on plain asyncio streams."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import msgspec

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 64 * 1024 * 1024
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}


class Request(msgspec.Struct, frozen=True):
    """One request, read to its end; header names are in small letters."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Reply:
    """Writes the response of one request: whole, or piece by piece."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.status = 0
        self.keep_alive = True

    async def send(
        self,
        status: int,
        body: bytes,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        *,
        promise: int = 0,
    ) -> None:
        """Send a whole response; ``promise`` more bytes are announced than come."""
        length = {"content-length": str(len(body) + promise)}
        self._head(status, {**length, **(headers or {})}, kind)
        self._writer.write(body)
        await self._writer.drain()

    async def start(self, kind: str = "text/event-stream") -> None:
        """Begin a response that comes in pieces."""
        self._head(200, {"transfer-encoding": "chunked", "cache-control": "no-store"}, kind)
        await self._writer.drain()

    async def piece(self, data: bytes) -> None:
        """Send a piece."""
        self._writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self._writer.drain()

    async def end(self) -> None:
        """End a response that came in pieces."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def cut(self) -> None:
        """Close the connection with the response unfinished; what was sent still arrives."""
        self.keep_alive = False
        self._writer.close()

    def _head(self, status: int, headers: Mapping[str, str], kind: str) -> None:
        self.status = status
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", f"content-type: {kind}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


Handler: TypeAlias = Callable[[Request, Reply], Awaitable[None]]


class HttpServer:
    """Serves a handler on a loopback port."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, limit=_LARGEST_HEAD
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end the connections under way."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while (request := await _read(reader)) is not None:
                reply = Reply(writer)
                await self._handler(request, reply)
                if not reply.keep_alive or request.headers.get("connection") == "close":
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # The caller went away: that is its right.
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request of a connection, None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(min(int(headers.get("content-length", 0)), _LARGEST_BODY))
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), parts.query, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)
