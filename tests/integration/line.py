"""A line to Postgres on a loopback port: it loses what a test names, and then it breaks."""

import asyncio
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

_READY = b"Z\x00\x00\x00\x05"
"""How the server ends its answer to a request: the transaction is over by then."""


class Line:
    """Carries connections to the server; ``async with Line(url) as line:``.

    Args:
        url: The address of the database, on a unix socket.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.{parts.port or 5432}"
        self._database = parts.path
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = ""
        self.answers = b""
        """The answers to requests that hold these bytes are lost, ``times`` of them."""
        self.requests = b""
        """Requests that hold these bytes are lost, all of them."""
        self.times = 0
        self.lost = 0

    async def __aenter__(self) -> "Line":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}{self._database}?sslmode=disable"
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, out = await asyncio.open_unix_connection(self._socket)
        swallow = asyncio.Event()
        for task in (
            asyncio.create_task(self._ask(near, out, back, swallow)),
            asyncio.create_task(self._answer(far, back, swallow)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(
        self,
        near: asyncio.StreamReader,
        out: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        swallow: asyncio.Event,
    ) -> None:
        before = b""
        with suppress(ConnectionError):
            while data := await near.read(65536):
                # What is looked for may stand across two pieces.
                both = before + data
                before = data[-64:]
                if self.requests and self.requests in both:
                    self.lost += 1
                    back.close()
                    break
                if self.times and self.answers in both:
                    self.times -= 1
                    swallow.set()
                out.write(data)
                await out.drain()
        out.close()

    async def _answer(
        self, far: asyncio.StreamReader, back: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        lost = b""
        with suppress(ConnectionError):
            while data := await far.read(65536):
                if swallow.is_set():
                    lost += data
                    if _READY in lost:
                        self.lost += 1
                        break
                    continue
                back.write(data)
                await back.drain()
        back.close()
