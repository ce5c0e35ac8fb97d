"""Speaks to tmux: one server for each workspace, which outlives the workers that begin it."""

import asyncio
import hashlib
import os
import shlex
import shutil
from collections.abc import Sequence

import msgspec

from kapell.kit.errors import Missing, Unavailable

WIDTH, HEIGHT = 200, 50
HISTORY = 50_000
"""Rows a terminal remembers; an answer that comes near is a flood."""
KEPT = 600
"""Seconds for which a session is kept after its last answer was due or came."""
_PATIENCE = 20.0
_STATE = "\t".join(
    "#{" + name + "}"
    for name in (
        "pane_dead",
        "pane_dead_status",
        "history_size",
        "cursor_x",
        "cursor_y",
        "@kapell_key",
        "@kapell_row",
        "@kapell_column",
        "pane_tty",
    )
)


class Pane(msgspec.Struct, frozen=True):
    """A terminal as it is: what was sent last stands in ``key``, from ``row`` and ``column`` on."""

    dead: bool
    status: str
    history: int
    x: int
    y: int
    key: str
    row: int
    column: int
    tty: str


class Tmux:
    """The terminals of one workspace."""

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self.server = "kapell-" + _short(workspace)

    async def pane(self, session: str) -> Pane | None:
        """Return a terminal, None when there is no such session."""
        said = await self._said(["display-message", "-p", "-t", f"={session}:", _STATE])
        if said is None:
            return None
        parts = said.rstrip("\n").split("\t")
        if len(parts) != len(Pane.__struct_fields__):
            return None
        dead, status, history, x, y, key, row, column, tty = parts
        if not tty:  # other sessions are there, and this one is not
            return None
        return Pane(
            dead == "1",
            status,
            _number(history),
            _number(x),
            _number(y),
            key,
            _number(row),
            _number(column),
            tty,
        )

    async def begin(self, session: str, command: Sequence[str]) -> None:
        """Begin a program in a session of its own.

        Raises:
            Missing: ``terminal_program_missing``.
            Unavailable: ``tmux_failed``.
        """
        path = os.pathsep.join([os.environ.get("PATH", os.defpath)])
        program = command[0]
        own = os.path.join(self._workspace, program)
        if shutil.which(own if "/" in program else program, path=path) is None:
            raise Missing(
                f"There is no program `{program}` to run in a terminal.",
                code="terminal_program_missing",
                advice="Install it, or correct `command:` of the agent.",
            )
        said = await self._said(
            [
                *["start-server", ";", "set-option", "-g", "remain-on-exit", "on", ";"],
                *["set-option", "-g", "history-limit", str(HISTORY), ";"],
                *["set-option", "-g", "default-shell", "/bin/sh", ";"],
                *["new-session", "-d", "-s", session, "-x", str(WIDTH), "-y", str(HEIGHT)],
                *["-c", self._workspace, f"exec {shlex.join(command)}", ";"],
                *self._expiry(session, "", KEPT),
            ]
        )
        if said is None:
            raise Unavailable(
                f"tmux could not begin a terminal for `{program}`.",
                code="tmux_failed",
                advice="Try `tmux new-session` by hand; it says what is wrong.",
            )

    async def send(self, session: str, key: str, text: str, within: float) -> None:
        """Type a text and Enter.

        What is noted of it and the typing reach the server as one, so that there is a note exactly
        when it was typed, whenever this process ends.
        """
        pane, buffer = f"={session}:", f"kapell-{key[:16]}"
        await self._said(["load-buffer", "-b", buffer, "-"], text.encode())
        await self._said(
            [
                *["clear-history", "-t", pane, ";"],
                *["set-option", "-t", pane, "-F", "@kapell_row", "#{cursor_y}", ";"],
                *["set-option", "-t", pane, "-F", "@kapell_column", "#{cursor_x}", ";"],
                *["set-option", "-t", pane, "@kapell_key", key, ";"],
                *["paste-buffer", "-p", "-d", "-b", buffer, "-t", pane, ";"],
                *["send-keys", "-t", pane, "Enter", ";"],
                *self._expiry(session, key, int(within) + KEPT),
            ]
        )

    async def lines(self, session: str, pane: Pane) -> list[str]:
        """Return what stands in a terminal from the row on in which the last text was typed."""
        start = str(pane.row - pane.history)
        said = await self._said(
            ["capture-pane", "-p", "-J", "-t", f"={session}:", "-S", start, "-E", "-"]
        )
        return (said or "").rstrip().split("\n")

    async def last(self, session: str) -> str:
        """Return the last line that holds something, with the blanks after it."""
        said = await self._said(["capture-pane", "-p", "-J", "-t", f"={session}:"])
        return next((one for one in reversed((said or "").split("\n")) if one.strip()), "")

    async def end(self, session: str) -> None:
        """End a session and the program in it."""
        await self._said(["kill-session", "-t", f"={session}"])

    def _expiry(self, session: str, key: str, seconds: int) -> list[str]:
        """Return the order to end a session in which nothing new is sent until then."""
        still = "#{==:#{@kapell_key}," + key + "}"
        order = f"if-shell -F -t '={session}:' '{still}' \"kill-session -t '={session}'\""
        return ["run-shell", "-b", "-d", str(seconds), "-C", order]

    async def _said(self, words: Sequence[str], given: bytes = b"") -> str | None:
        """Return what tmux says, None when it refuses.

        Raises:
            Missing: ``tmux_missing``.
            Unavailable: ``tmux_failed`` when it does not answer.
        """
        program = shutil.which("tmux")
        if program is None:
            raise Missing(
                "`runtime: tmux` needs the program tmux, which is not installed.",
                code="tmux_missing",
                advice="Install it, such as by `apt install tmux` or `brew install tmux`.",
            )
        environ = {name: value for name, value in os.environ.items() if name != "TMUX"}
        process = await asyncio.create_subprocess_exec(
            *[program, "-u", "-L", self.server, "-f", os.devnull, *words],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                said, _ = await process.communicate(given)
        except TimeoutError as error:
            raise Unavailable(
                f"tmux did not answer within {_PATIENCE:g} s.",
                code="tmux_failed",
                advice=f"Look at it with `tmux -L {self.server} list-sessions`.",
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
        return said.decode("utf-8", "replace") if process.returncode == 0 else None


def session_of(run_id: str, path: str) -> str:
    """Return the name of the session of a step: its run, its id, and what tells paths apart."""
    step = path.rpartition("/")[2]
    shown = "".join(sign if sign.isalnum() or sign in "_-" else "-" for sign in step)
    return f"{run_id}-{shown[:40]}-{_short(path)}"


def key_of(key: str) -> str:
    """Return an idempotency key in signs that mean nothing to tmux."""
    return hashlib.sha256(key.encode()).hexdigest()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
