"""A fake of Docker's daemon: containers are made, attached to, started, looked at and removed."""

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kapell.testing.sandboxes.jail import end, jailed, kill

_PATH = re.compile(r"/v1\.\d+(/[^?]*)(\?.*)?")


class _Container:
    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.started = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await jailed(self.body["Cmd"])
        self.started.set()

    def kill(self) -> None:
        if self.process is not None:
            kill(self.process)


class FakeDocker:
    """Serves on a loopback port; ``async with FakeDocker() as daemon:``.

    Attributes:
        images: Those that are there.
        created: What each container was made of, as it was asked.
        containers: Those that were not removed.
    """

    def __init__(self, images: frozenset[str]) -> None:
        self.images = images
        self.created: list[Mapping[str, Any]] = []
        self.containers: dict[str, _Container] = {}
        self.url = ""
        self._server: asyncio.Server | None = None
        self._all: list[_Container] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "FakeDocker":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await end(one.process for one in self._all if one.process is not None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length.group(1)) if length else 0)
            method, target, _ = head.split("\r\n")[0].split(" ", 2)
            found = _PATH.fullmatch(target)
            path = found.group(1) if found else ""
            if path.endswith("/attach"):
                await self._attach(path.split("/")[2], reader, writer)
            else:
                status, told = await self._answer(method, path, body)
                data = b"" if told is None else json.dumps(told).encode()
                writer.write(
                    f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller went away, as it may
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        if (method, path) == ("GET", "/info"):
            return 200, {"ServerVersion": "fake"}
        if (method, path) == ("POST", "/containers/create"):
            return self._create(json.loads(body))
        parts = path.split("/")
        container = self.containers.get(parts[2]) if len(parts) > 2 else None
        if container is None:
            return 404, {"message": "No such container"}
        if method == "DELETE":
            del self.containers[parts[2]]
            container.kill()
            return 204, None
        if path.endswith("/start"):
            await container.start()
            return 204, None
        process = container.process
        code = 0 if process is None or process.returncode is None else process.returncode
        return 200, {"State": {"ExitCode": code, "OOMKilled": False}}

    def _create(self, body: Mapping[str, Any]) -> tuple[int, object]:
        self.created.append(body)
        if body["Image"] not in self.images:
            return 404, {"message": f"No such image: {body['Image']}"}
        name = f"container{len(self.created)}"
        self.containers[name] = _Container(body)
        self._all.append(self.containers[name])
        return 201, {"Id": name, "Warnings": []}

    async def _attach(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        container = self.containers[name]
        writer.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        await writer.drain()
        await container.started.wait()
        process = container.process
        assert process is not None and process.stdin and process.stdout and process.stderr  # noqa: S101 - jailed() gives pipes
        feeding = asyncio.create_task(_carry(reader, process.stdin))
        try:
            async with asyncio.TaskGroup() as talking:
                talking.create_task(_frames(1, process.stdout, writer))
                talking.create_task(_frames(2, process.stderr, writer))
            await process.wait()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            kill(process)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def _frames(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(bytes([number, 0, 0, 0]) + len(data).to_bytes(4, "big") + data)
        await writer.drain()
