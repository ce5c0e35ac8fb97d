"""The command line of bubblewrap: what a program sees of this machine, which is next to nothing."""

import os
from collections.abc import Sequence

import msgspec

from kapell.services.sandbox.ports import SandboxLimits

NOBODY = 65534
_SMALL = 16 * 1024 * 1024
_RESULT = 32 * 1024 * 1024
"""Bytes for the program's input and its value: a full disk does not keep it from telling so."""


class Interpreter(msgspec.Struct, frozen=True):
    """A Python that the sandbox can see.

    ``home`` is the folder to show when it is not below /usr. ``ours`` says that it is of the
    version that we run on, so that packages installed beside us are made for it.
    """

    path: str
    home: str = ""
    ours: bool = False


def command(
    bwrap: str,
    python: Interpreter,
    supervisor: str,
    limits: SandboxLimits,
    packages: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """Return the command that runs the supervisor inside; ``packages`` are (from, to) folders.

    The whole root is remounted read-only at its end: else whatever bubblewrap made on the way,
    ``/`` and ``/dev`` among it, could be written to without an end.
    """
    line = [
        bwrap,
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        *("--uid", str(NOBODY), "--gid", str(NOBODY)),
        *("--hostname", "sandbox"),
        *("--ro-bind", "/usr", "/usr"),
        *_top("/bin"),
        *_top("/lib"),
        *_top("/lib64"),
        *_top("/sbin"),
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *("--size", str(_SMALL), "--tmpfs", "/dev/shm"),  # noqa: S108 - of the sandbox alone
        *("--remount-ro", "/dev"),
        *("--size", str(limits.disk), "--tmpfs", "/tmp"),  # noqa: S108 - of the sandbox alone
        *("--size", str(limits.disk), "--tmpfs", "/work"),
        *("--size", str(_RESULT), "--tmpfs", "/run"),
    ]
    if python.home:
        line += ["--ro-bind", python.home, python.home]
    for source, target in packages:
        line += ["--ro-bind", source, target]
    for name, value in (
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/tmp"),  # noqa: S108 - of the sandbox alone
        ("TMPDIR", "/tmp"),  # noqa: S108 - of the sandbox alone
        ("LANG", "C.UTF-8"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
    ):
        line += ["--setenv", name, value]
    line += ["--remount-ro", "/", "--cap-drop", "ALL", "--chdir", "/work"]
    return [*line, "--", python.path, "-I", "-S", "-B", "-c", supervisor]


def _top(path: str) -> list[str]:
    """Show a folder of the root as it is here: mostly a link into /usr."""
    if os.path.islink(path):
        return ["--symlink", os.readlink(path).lstrip("/"), path]
    return ["--ro-bind", path, path] if os.path.isdir(path) else []
