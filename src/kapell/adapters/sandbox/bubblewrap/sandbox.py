"""The sandbox of bubblewrap: namespaces of its own, no network, nothing of the host but /usr."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kapell.adapters.sandbox import inside
from kapell.adapters.sandbox.bubblewrap.command import NOBODY, Interpreter, command
from kapell.adapters.sandbox.bubblewrap.packages import PLACE, folders_of
from kapell.adapters.sandbox.contained import Ended, Place, contained
from kapell.adapters.sandbox.framing import flags, held, judged, most, sent_in
from kapell.adapters.sandbox.problems import package_denied, unavailable
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.sandbox.ports import (
    Language,
    Outcome,
    Program,
    Readiness,
    SandboxLimits,
)

NAME = "bubblewrap"
_INSTALL = "Install bubblewrap 0.8 or newer (`apt install bubblewrap`), or choose another sandbox."
_OWN_PROCESSES = 3
_PROBE = SandboxLimits(seconds=10)


class _Found(msgspec.Struct, frozen=True):
    """What this machine allows."""

    readiness: Readiness
    bwrap: str = ""
    python: Interpreter = Interpreter("")
    node: str = ""


class Bubblewrap:
    """Runs Python, JavaScript and command lines under bubblewrap.

    As root everything is started as nobody (uid 65534): the kernel does not count the processes of
    the real root, so a limit on them would not hold.
    """

    name = NAME

    def __init__(self) -> None:
        self._place = Place(NOBODY if os.geteuid() == 0 else None)
        self._supervisor = (Path(inside.__file__).parent / "supervisor.py").read_text("utf-8")
        self._found: _Found | None = None
        self._lock = asyncio.Lock()

    async def readiness(self) -> Readiness:
        """Return whether bubblewrap can hold a program here."""
        return (await self._look()).readiness

    def takes(self, program: Program) -> bool:
        """Tell whether the language is one of its."""
        return program.language in ("python", "javascript", "shell")

    async def run(self, program: Program) -> Outcome:
        """Run a program in namespaces of its own."""
        found = await self._look()
        ready = found.readiness
        if not ready.ok:
            raise unavailable(NAME, ready.detail, ready.advice)
        if program.language not in ready.languages:
            advice = "Install Node.js below /usr (`apt install nodejs`)."
            raise unavailable(NAME, f"there is no {program.language} here", advice)
        ended = await self._contained(found, program)
        return judged(NAME, program, ended)

    async def close(self) -> None:
        """Do nothing: nothing outlives a call."""

    async def _contained(self, found: _Found, program: Program) -> Ended:
        limits = program.limits
        packages = folders_of(program.packages)
        if packages and not found.python.ours:
            raise package_denied(program.packages[0], f"{found.python.path} is another Python")
        line = command(found.bwrap, found.python, self._supervisor, limits, packages)
        more: dict[str, Json] = {
            "limits": held(program, _OWN_PROCESSES),
            "paths": [PLACE] if packages else [],
            "node": found.node,
            "flags": flags(program),
        }
        return await contained(
            line, sent_in(program, more), limits, most=most(program), place=self._place
        )

    async def _look(self) -> _Found:
        async with self._lock:
            if self._found is None:
                self._found = await self._tried()
        return self._found

    async def _tried(self) -> _Found:
        bwrap = shutil.which("bwrap")
        if not sys.platform.startswith("linux") or bwrap is None:
            return _refused("there is no bubblewrap (`bwrap`) on this machine", _INSTALL)
        why = "no Python that a sandbox could see"
        for python in _interpreters():
            node = _javascript()
            found = _Found(Readiness(ok=True, detail=""), bwrap, python, node)
            try:
                ended = await self._contained(found, _probe())
                told = judged(NAME, _probe(), ended)
            except (KapellError, OSError) as error:
                why = " ".join(str(error).split())
                continue
            if told.result != [0, 0]:
                why = f"{told.stderr or told.result}"
                continue
            languages: tuple[Language, ...] = ("python", "shell")
            if node:
                languages = ("python", "javascript", "shell")
            who = "as uid 65534, for root cannot be held" if self._place.user else "as this user"
            detail = f"{bwrap} {who}, {python.path}{f', {node}' if node else ''}"
            ready = Readiness(ok=True, detail=detail, languages=languages)
            return _Found(ready, bwrap, python, node)
        return _refused(f"it did not start: {why[:300]}", _INSTALL)


def _refused(detail: str, advice: str) -> _Found:
    return _Found(Readiness(ok=False, detail=detail, advice=advice))


def _probe() -> Program:
    """Return a program that tells what must not be there: interfaces beside lo, capabilities."""
    source = (
        "import os\n"
        "caps = [l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')]\n"
        "nets = [l for l in open('/proc/net/dev') if ':' in l and ' lo:' not in l]\n"
        "[int(caps[0], 16), len(nets)]"
    )
    return Program(language="python", source=source, limits=_PROBE)


def _interpreters() -> Iterator[Interpreter]:
    """Yield Pythons to try: the system's of our version, our own, any of the system."""
    near = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if os.path.exists(near):
        yield Interpreter(near, ours=True)
    own = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    home = os.path.realpath(sys.base_prefix)
    if own.startswith(home + "/"):
        yield Interpreter(own, "" if own.startswith("/usr/") else home, ours=True)
    if os.path.exists("/usr/bin/python3"):
        yield Interpreter("/usr/bin/python3")


def _javascript() -> str:
    found = shutil.which("node", path="/usr/local/bin:/usr/bin:/bin")
    real = os.path.realpath(found) if found else ""
    return real if real.startswith("/usr/") else ""
