"""A process apart, in place of a container or a machine of somebody else's."""

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress

_NOBODY = 65534


async def jailed(command: Sequence[str], home: str = "") -> asyncio.subprocess.Process:
    """Start a command under bubblewrap, with pipes; ``home`` is shown as ``/tmp/kapell``."""
    line = _line(home)
    user = _NOBODY if os.geteuid() == 0 else None
    return await asyncio.create_subprocess_exec(
        *line,
        "--",
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        cwd="/",
    )


def kill(process: asyncio.subprocess.Process) -> None:
    """Kill a process that may have ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)  # Popen's own kill takes the exit away


async def end(processes: Iterable[asyncio.subprocess.Process]) -> None:
    """Kill processes, and read what is left in their pipes so that these close."""
    for process in processes:
        kill(process)
        for stream in (process.stdout, process.stderr):
            while stream is not None and await stream.read(65536):
                pass
        await process.wait()


def _line(home: str) -> list[str]:
    line = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    line += ["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/lib", "/lib64"):
        if os.path.islink(name):
            line += ["--symlink", os.readlink(name).lstrip("/"), name]
    line += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - inside
    line += ["--tmpfs", "/work", "--tmpfs", "/run"]
    if home:
        line += ["--bind", home, "/tmp/kapell"]  # noqa: S108 - inside
    return line
