"""The sandbox of Docker: a container without network, rights and a root it could write to."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

import msgspec

from kapell.adapters.sandbox import inside
from kapell.adapters.sandbox.contained import Ended
from kapell.adapters.sandbox.docker.wire import NAME, Daemon, Line, frames
from kapell.adapters.sandbox.framing import flags, held, judged, most, sent_in
from kapell.adapters.sandbox.problems import broken, unavailable
from kapell.adapters.sandbox.streams import Parted
from kapell.kit.json import Json
from kapell.services.sandbox.ports import Limit, Outcome, Program, Readiness

NOBODY = 65534
_RESULT = 32 * 1024 * 1024
_GRACE = 10.0
_SET_UP = "Check tools.sandbox.docker.url, and that this user may speak to the daemon."


class DockerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the daemon is and which images programs run in."""

    url: str
    image: str
    javascript: str


class Docker:
    """Runs Python, JavaScript and command lines, each in a container of its own."""

    name = NAME

    def __init__(self, options: DockerOptions) -> None:
        self._options = options
        self._daemon = Daemon(options.url)
        self._supervisor = (Path(inside.__file__).parent / "supervisor.py").read_text("utf-8")

    async def readiness(self) -> Readiness:
        """Return whether the daemon answers."""
        try:
            async with asyncio.timeout(_GRACE):
                status, told = await self._daemon.ask("GET", "/info")
        except (OSError, TimeoutError) as error:
            detail = f"the daemon does not answer: {str(error) or 'in time'}"
            return Readiness(ok=False, detail=detail, advice=_SET_UP)
        if status != 200:
            return Readiness(ok=False, detail=f"the daemon answers with {status}", advice=_SET_UP)
        version = told.get("ServerVersion", "") if isinstance(told, dict) else ""
        return Readiness(
            ok=True,
            detail=f"Docker {version} at {self._options.url}",
            languages=("python", "javascript", "shell"),
        )

    def takes(self, program: Program) -> bool:
        """Tell whether the language is one of its; packages are those of the image."""
        return program.language != "sql" and not program.packages

    async def run(self, program: Program) -> Outcome:
        """Run a program in a container, which is removed afterwards."""
        try:
            container = await self._create(program)
        except OSError as error:
            raise unavailable(NAME, f"the daemon does not answer: {error}", _SET_UP) from error
        try:
            ended = await self._carried_out(container, program)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise broken(NAME, f"the daemon went away: {error}") from error
        finally:
            await asyncio.shield(self._remove(container))
        return judged(NAME, program, ended)

    async def close(self) -> None:
        """Do nothing: nothing outlives a call."""

    async def _create(self, program: Program) -> str:
        body = self._container(program)
        status, told = await self._daemon.ask("POST", "/containers/create", body)
        made = told.get("Id") if isinstance(told, dict) else None
        if status == 404:
            advice = f"Fetch it once: `docker pull {body['Image']}`."
            raise unavailable(NAME, f"there is no image {body['Image']!r}", advice)
        if status != 201 or not isinstance(made, str):
            raise broken(NAME, f"a container was answered with {status}")
        return quote(made, safe="")

    def _container(self, program: Program) -> dict[str, Json]:
        limits = program.limits
        javascript = program.language == "javascript"
        command: Sequence[str] = ("python3", "-I", "-S", "-B", "-c", self._supervisor, "1")
        return {
            "Image": self._options.javascript if javascript else self._options.image,
            "Cmd": list(command),
            "Entrypoint": [],
            "User": f"{NOBODY}:{NOBODY}",
            "WorkingDir": "/work",
            "Env": ["HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8"],
            "NetworkDisabled": True,
            "OpenStdin": True,
            "StdinOnce": True,
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": False,
            "HostConfig": {
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                "Memory": limits.memory,
                "MemorySwap": limits.memory,
                "PidsLimit": limits.processes + 2,
                "OomScoreAdj": 1000,
                "IpcMode": "private",
                "Init": False,
                "Tmpfs": {
                    "/tmp": f"rw,mode=1777,size={limits.disk}",  # noqa: S108 - the container's
                    "/work": f"rw,mode=1777,size={limits.disk}",
                    "/run": f"rw,mode=1777,size={_RESULT}",
                },
                "LogConfig": {"Type": "none"},
            },
        }

    async def _carried_out(self, container: str, program: Program) -> Ended:
        mark = secrets.token_hex(16)
        parted = Parted(mark.encode(), program.limits.output, most(program))
        more: dict[str, Json] = {
            "limits": held(program),
            "paths": [],
            "node": "/usr/bin/env",
            "flags": ["node", *flags(program)],
            "mark": mark,
        }
        began = perf_counter()
        limit: Limit | None = None
        async with self._daemon.attached(container) as line:
            status, _ = await self._daemon.ask("POST", f"/containers/{container}/start")
            if status not in (204, 304):
                raise broken(NAME, f"starting was answered with {status}")
            feeding = asyncio.create_task(_feed(line, sent_in(program, more)))
            try:
                async with asyncio.timeout(program.limits.seconds):
                    limit = await _listened(line[0], parted)
            except TimeoutError:
                limit = "time"
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
        parted.end()
        exit_, starved = await self._state(container) if limit is None else (137, False)
        return Ended(
            exit=exit_,
            stdout=parted.stdout,
            stderr=parted.stderr,
            report=parted.report,
            limit=limit or ("memory" if starved else None),
            seconds=perf_counter() - began,
        )

    async def _state(self, container: str) -> tuple[int, bool]:
        """Return a container's exit, and whether it had too little memory."""
        _, told = await self._daemon.ask("GET", f"/containers/{container}/json")
        state = told.get("State") if isinstance(told, dict) else None
        if not isinstance(state, dict):
            return 1, False
        code = state.get("ExitCode")
        return code if isinstance(code, int) else 1, state.get("OOMKilled") is True

    async def _remove(self, container: str) -> None:
        with suppress(OSError):
            await self._daemon.ask("DELETE", f"/containers/{container}?force=1&v=1")


async def _listened(reader: asyncio.StreamReader, parted: Parted) -> Limit | None:
    async for stream, data in frames(reader):
        if parted.take(stream, data):
            return parted.limit
    return None


async def _feed(line: Line, pieces: Sequence[bytes]) -> None:
    with suppress(ConnectionError):
        for piece in pieces:
            line[1].write(piece)
            await line[1].drain()
        if line[1].can_write_eof():
            line[1].write_eof()
