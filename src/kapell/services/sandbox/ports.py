"""What a sandbox is to the services: a program goes in, what came of it comes out."""

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

from kapell.kit.json import Json

Language: TypeAlias = Literal["python", "javascript", "sql", "shell"]
"""What a program may be written in."""

Limit: TypeAlias = Literal["time", "memory", "processes", "output", "disk"]
"""What a program may use up; the one that was used up ends it."""


class SandboxLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a program may use.

    ``seconds`` of time, ``memory`` in bytes over all its processes, ``processes`` at once,
    ``output`` in bytes that it writes to stdout and stderr and ``disk`` in bytes of the files it
    leaves. The network is off, always.
    """

    seconds: float = 30.0
    memory: int = 512 * 1024 * 1024
    processes: int = 64
    output: int = 1024 * 1024
    disk: int = 256 * 1024 * 1024


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run.

    ``source`` is a program, or a command line when the language is ``shell``. It sees ``input`` by
    that name, and ``files`` (path to bytes) in the folder it works in. ``packages`` are the names
    of distributions that it imports beside the standard library.
    """

    language: Language
    source: str
    input: Json = None
    files: Mapping[str, bytes] = {}
    packages: tuple[str, ...] = ()
    limits: SandboxLimits = SandboxLimits()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a program.

    ``result`` is the value of its last expression. ``limit`` names the limit that ended it, None
    when none did. ``fault`` says why there is no result although the program ended well: its value
    has no form in JSON, say. ``changed`` holds the files it made or changed, ``removed`` those it
    took away, ``left_out`` what it left and cannot be kept: links, devices, odd names. A program
    that was ended by a limit changes nothing.
    """

    backend: str
    exit: int
    result: Json = None
    stdout: str = ""
    stderr: str = ""
    changed: Mapping[str, bytes] = {}
    removed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0
    limit: Limit | None = None
    fault: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether the program ended well and gave what can be used."""
        return self.exit == 0 and self.limit is None and not self.fault


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a sandbox works on this machine.

    ``detail`` is what was found, ``advice`` how to make it work. ``languages`` are those it speaks
    here.
    """

    ok: bool
    detail: str
    advice: str = ""
    languages: tuple[Language, ...] = ()


class Unfit(Exception):
    """The program needs more than this sandbox has; nothing of it has taken effect.

    Args:
        why: What it lacks.
        outcome: What came of it all the same, for when nobody else can run it.
    """

    def __init__(self, why: str, outcome: Outcome) -> None:
        super().__init__(why)
        self.outcome = outcome


class Sandbox(Protocol):
    """One way of running programs apart from everything else."""

    @property
    def name(self) -> str:
        """Return the name it has in settings and records."""
        ...

    async def readiness(self) -> Readiness:
        """Return whether it works here; it is tried out, once."""
        ...

    def takes(self, program: Program) -> bool:
        """Tell whether it can run such a program at all: its language, its files, its imports."""
        ...

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end; its own failure is a result.

        Raises:
            Unfit: another sandbox has to run it.
            Unavailable: ``sandbox_unavailable``, ``sandbox_broken``.
            Denied: ``sandbox_package_denied``.
        """
        ...

    async def close(self) -> None:
        """Let go of what is kept ready."""
        ...
