"""A fake of E2B: its API makes machines; the daemon of each takes files and starts processes."""

import asyncio
import base64
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening
from kapell.testing.sandboxes.jail import end, jailed, kill

KEY = "e2b-loopback-key"
HOME = "/tmp/kapell/"  # noqa: S108 - a path inside the machine
_NOBODY = 65534


class FakeE2b(Listening):
    """Serves API and machines on one loopback port; ``async with FakeE2b() as e2b:``.

    Attributes:
        created: What each machine was made of, as it was asked.
        machines: Those that were not taken away: the folder of each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.created: list[Mapping[str, Any]] = []
        self.machines: dict[str, Path] = {}
        self._processes: list[asyncio.subprocess.Process] = []

    async def close(self) -> None:
        """Stop, and end what runs in its machines."""
        await super().close()
        await end(self._processes)
        for folder in self.machines.values():
            shutil.rmtree(folder)

    @property
    def url(self) -> str:
        """Return the address of the API."""
        return self.origin

    @property
    def machine_urls(self) -> str:
        """Return the addresses of machines, as the settings have it."""
        return self.url + "/machines/{id}/{port}"

    async def _serve(self, request: Request, reply: Reply) -> None:
        if request.path.startswith("/machines/"):
            await self._machine(request, reply)
        elif request.headers.get("x-api-key") != KEY:
            await reply.send(401, b'{"code": 401, "message": "no such key"}')
        elif request.path == "/sandboxes" and request.method == "POST":
            await self._make(json.loads(request.body), reply)
        elif request.path == "/sandboxes":
            await reply.send(200, b"[]")
        else:
            name = request.path.rpartition("/")[2]
            folder = self.machines.pop(name, None)
            if folder is not None:
                shutil.rmtree(folder)
            await reply.send(204 if folder is not None else 404, b"")

    async def _make(self, body: Mapping[str, Any], reply: Reply) -> None:
        self.created.append(body)
        name = f"machine{len(self.created)}"
        self.machines[name] = folder = Path(tempfile.mkdtemp(prefix="kapell-e2b-"))
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        told = {"sandboxID": name, "envdAccessToken": f"token-{name}", "domain": "example.org"}
        await reply.send(201, json.dumps(told).encode())

    async def _machine(self, request: Request, reply: Reply) -> None:
        _, _, name, port, path = request.path.split("/", 4)
        folder = self.machines.get(name)
        if folder is None or port != "49983":
            await reply.send(502, b'{"message": "The sandbox was not found"}')
        elif request.headers.get("x-access-token") != f"token-{name}":
            await reply.send(401, b'{"message": "unauthorized"}')
        elif path == "process.Process/Start":
            await self._start(folder, request, reply)
        elif path == "files":
            await _file(folder, request, reply)
        else:
            await reply.send(404, b"{}")

    async def _start(self, folder: Path, request: Request, reply: Reply) -> None:
        asked = json.loads(request.body[5:])["process"]
        await reply.start("application/connect+json")
        process = await jailed([asked["cmd"], *asked["args"]], str(folder))
        self._processes.append(process)
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - jailed() gives pipes
        process.stdin.close()
        try:
            await reply.piece(_message({"event": {"start": {"pid": process.pid}}}))
            async with asyncio.TaskGroup() as talking:
                talking.create_task(_say("stdout", process.stdout, reply))
                talking.create_task(_say("stderr", process.stderr, reply))
            code = await process.wait()
            ending = {"exitCode": code, "exited": True, "status": f"exit status {code}"}
            await reply.piece(_message({"event": {"end": ending}}))
            await reply.piece(_message({}, 2))
            await reply.end()
        except* ConnectionError:
            pass  # the caller went away, as it may
        finally:
            kill(process)


async def _file(folder: Path, request: Request, reply: Reply) -> None:
    (path,) = parse_qs(request.query)["path"]
    target = folder / path.removeprefix(HOME)
    if request.method == "GET":
        if not target.exists():
            await reply.send(404, b'{"message": "no such file"}')
            return
        await reply.send(200, target.read_bytes(), "application/octet-stream")
        return
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    part = request.body.split(b"--" + boundary)[1]
    target.write_bytes(part.partition(b"\r\n\r\n")[2][:-2])
    target.chmod(0o644)
    await reply.send(200, b"[]")


async def _say(name: str, reader: asyncio.StreamReader, reply: Reply) -> None:
    while data := await reader.read(32768):
        said = base64.b64encode(data).decode()
        await reply.piece(_message({"event": {"data": {name: said}}}))


def _message(told: object, flag: int = 0) -> bytes:
    data = json.dumps(told).encode()
    return bytes([flag]) + len(data).to_bytes(4, "big") + data
