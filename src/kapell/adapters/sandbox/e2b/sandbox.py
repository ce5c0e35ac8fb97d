"""The sandbox of E2B: a machine is made, fed, asked and taken away again.

Its API makes machines; a daemon in each (``envd``) takes files and starts processes, the latter
over Connect RPC: messages in JSON, each behind five bytes with its flags and its length.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from kapell.adapters.sandbox import inside
from kapell.adapters.sandbox.contained import Ended
from kapell.adapters.sandbox.framing import flags, held, judged, most, sent_in
from kapell.adapters.sandbox.problems import broken, unavailable
from kapell.adapters.sandbox.streams import Parted
from kapell.kit.json import Json
from kapell.services.sandbox.ports import Limit, Outcome, Program, Readiness

if TYPE_CHECKING:
    import httpx

NAME = "e2b"
PORT = 49983
"""Where the daemon of a machine listens."""

HOME = "/tmp/kapell"  # noqa: S108 - of a machine that exists for one program
_USER = "user"
_GRACE = 60.0
_SET_UP = "Check the key in KAPELL_TOOLS__SANDBOX__E2B__KEY, and tools.sandbox.e2b in kapell.yaml."


class E2bOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where E2B is and what it makes machines from; ``machines`` holds ``{id}`` and ``{port}``."""

    key: str
    url: str
    machines: str = ""
    template: str = "base"

    def __repr__(self) -> str:
        """Return what may be shown: no key."""
        return f"E2bOptions(url={self.url!r})"


class _Machine(msgspec.Struct, frozen=True):
    """A machine as the API tells of it."""

    id: str = msgspec.field(name="sandboxID")
    token: str | None = msgspec.field(name="envdAccessToken", default=None)
    domain: str | None = None


class E2b:
    """Runs Python, JavaScript and command lines, each in a machine of its own."""

    name = NAME

    def __init__(self, options: E2bOptions) -> None:
        self._options = options
        self._supervisor = (Path(inside.__file__).parent / "supervisor.py").read_bytes()

    async def readiness(self) -> Readiness:
        """Return whether the API takes the key."""
        import httpx  # noqa: PLC0415 - loaded on use: few speak to E2B

        try:
            async with self._client() as client:
                answer = await client.get(f"{self._options.url}/sandboxes", headers=self._key())
        except httpx.TransportError as error:
            detail = f"the API does not answer: {type(error).__name__}"
            return Readiness(ok=False, detail=detail, advice=_SET_UP)
        if answer.status_code != 200:
            detail = f"the API answers with {answer.status_code}"
            return Readiness(ok=False, detail=detail, advice=_SET_UP)
        return Readiness(
            ok=True,
            detail=f"E2B at {self._options.url}",
            languages=("python", "javascript", "shell"),
        )

    def takes(self, program: Program) -> bool:
        """Tell whether the language is one of its; packages are those of the template."""
        return program.language != "sql" and not program.packages

    async def run(self, program: Program) -> Outcome:
        """Run a program in a machine, which is taken away afterwards."""
        import httpx  # noqa: PLC0415 - loaded on use: few speak to E2B

        try:
            async with self._client() as client:
                machine = await self._made(client, program)
                try:
                    ended = await self._carried_out(client, machine, program)
                finally:
                    await asyncio.shield(self._remove(client, machine))
        except httpx.TransportError as error:
            raise broken(NAME, f"the line broke: {type(error).__name__}") from error
        return judged(NAME, program, ended)

    async def close(self) -> None:
        """Do nothing: nothing outlives a call."""

    def _client(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - loaded on use: few speak to E2B

        return httpx.AsyncClient(timeout=httpx.Timeout(_GRACE), trust_env=False)

    def _key(self) -> dict[str, str]:
        return {"X-API-KEY": self._options.key}

    async def _made(self, client: "httpx.AsyncClient", program: Program) -> _Machine:
        body = {
            "templateID": self._options.template,
            "timeout": int(program.limits.seconds + 2 * _GRACE),
            "secure": True,
            "allow_internet_access": False,
        }
        answer = await client.post(f"{self._options.url}/sandboxes", headers=self._key(), json=body)
        if answer.status_code in (401, 403, 404):
            raise unavailable(NAME, f"the API answers with {answer.status_code}", _SET_UP)
        if answer.status_code != 201:
            raise broken(NAME, f"a machine was answered with {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=_Machine)
        except msgspec.MsgspecError:
            raise broken(NAME, "what it says of the machine cannot be read") from None

    def _address(self, machine: _Machine) -> str:
        if self._options.machines:
            return self._options.machines.format(id=machine.id, port=PORT)
        return f"https://{PORT}-{machine.id}.{machine.domain or 'e2b.app'}"

    def _headers(self, machine: _Machine) -> dict[str, str]:
        basic = base64.b64encode(f"{_USER}:".encode()).decode()
        headers = {
            "Authorization": f"Basic {basic}",
            "E2b-Sandbox-Id": machine.id,
            "E2b-Sandbox-Port": str(PORT),
        }
        return {**headers, "X-Access-Token": machine.token} if machine.token else headers

    async def _carried_out(
        self, client: "httpx.AsyncClient", machine: _Machine, program: Program
    ) -> Ended:
        more: dict[str, Json] = {
            "limits": held(program, 8),
            "paths": [],
            "node": "/usr/bin/env",
            "flags": ["node", *flags(program)],
            "work": f"{HOME}/work",
            "private": HOME,
        }
        await self._put(client, machine, "supervisor.py", self._supervisor)
        await self._put(client, machine, "in", b"".join(sent_in(program, more)))
        parted = Parted(b"", program.limits.output, most(program))
        began = perf_counter()
        limit: Limit | None = None
        exit_ = 137
        try:
            async with asyncio.timeout(program.limits.seconds):
                exit_ = await self._listened(client, machine, parted)
                limit = parted.limit
        except TimeoutError:
            limit = "time"
        seconds = perf_counter() - began
        report = b"" if limit else await self._report(client, machine, most(program))
        return Ended(
            exit=exit_,
            stdout=parted.stdout,
            stderr=parted.stderr,
            report=report,
            limit=limit,
            seconds=seconds,
        )

    async def _put(
        self, client: "httpx.AsyncClient", machine: _Machine, name: str, data: bytes
    ) -> None:
        answer = await client.post(
            f"{self._address(machine)}/files",
            params={"path": f"{HOME}/{name}", "username": _USER},
            headers=self._headers(machine),
            files={"file": (name, data)},
        )
        if answer.status_code != 200:
            raise broken(NAME, f"a file was answered with {answer.status_code}")

    async def _report(self, client: "httpx.AsyncClient", machine: _Machine, largest: int) -> bytes:
        found = bytearray()
        async with client.stream(
            "GET",
            f"{self._address(machine)}/files",
            params={"path": f"{HOME}/out", "username": _USER},
            headers=self._headers(machine),
        ) as answer:
            if answer.status_code != 200:
                return b""
            async for data in answer.aiter_bytes():
                found += data
                if len(found) > largest:
                    raise broken(NAME, "its report is too long")
        return bytes(found)

    async def _listened(
        self, client: "httpx.AsyncClient", machine: _Machine, parted: Parted
    ) -> int:
        """Start the supervisor and take what it says; return its exit."""
        line = f"exec python3 -I -S -B {HOME}/supervisor.py 3 < {HOME}/in 3> {HOME}/out"
        start = {"process": {"cmd": "/bin/sh", "args": ["-c", line], "envs": {}, "cwd": HOME}}
        body = json.dumps(start).encode()
        async with client.stream(
            "POST",
            f"{self._address(machine)}/process.Process/Start",
            headers={
                **self._headers(machine),
                "Content-Type": "application/connect+json",
                "Connect-Protocol-Version": "1",
            },
            content=b"\0" + len(body).to_bytes(4, "big") + body,
            timeout=None,
        ) as answer:
            if answer.status_code != 200:
                raise broken(NAME, f"a process was answered with {answer.status_code}")
            async for event in _events(answer.aiter_bytes()):
                data, end = event.get("data"), event.get("end")
                if isinstance(data, dict):
                    for stream, name in ((1, "stdout"), (2, "stderr")):
                        said = base64.b64decode(str(data.get(name, "")))
                        if said and parted.take(stream, said):
                            return 137
                if isinstance(end, dict):
                    code = end.get("exitCode", 0)
                    return code if isinstance(code, int) else 1
        raise broken(NAME, "the process ended without a word")

    async def _remove(self, client: "httpx.AsyncClient", machine: _Machine) -> None:
        import httpx  # noqa: PLC0415 - loaded on use: few speak to E2B

        with suppress(httpx.HTTPError):
            await client.delete(f"{self._options.url}/sandboxes/{machine.id}", headers=self._key())


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Json]]:
    """Yield the events of a stream of Connect messages; the last one only says how it ended."""
    held_back = b""
    async for piece in pieces:
        held_back += piece
        while len(held_back) >= 5:
            length = int.from_bytes(held_back[1:5], "big")
            if len(held_back) < 5 + length:
                break
            flag, message, held_back = (
                held_back[0],
                held_back[5 : 5 + length],
                held_back[5 + length :],
            )
            try:
                told = json.loads(message)
            except ValueError:
                raise broken(NAME, "a message of the process cannot be read") from None
            if flag & 2:
                return
            event = told.get("event") if isinstance(told, dict) else None
            if isinstance(event, dict):
                yield event
