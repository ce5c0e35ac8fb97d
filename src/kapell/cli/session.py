"""Opens the program for one command: its workspace, its store, who acts."""

import asyncio
import getpass
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from kapell.bootstrap.app import App, open_app
from kapell.cli.output import keep_apart
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.logs import tell_logs
from kapell.cli.whereabouts import root_of
from kapell.kit.ids import RunId
from kapell.services.runs.ports import RunSummary

T = TypeVar("T")


class Session:
    """One command with everything it needs.

    Attributes:
        surroundings: The options that stand anywhere.
        screen: Where it writes.
        app: The program, opened.
    """

    def __init__(self, surroundings: Surroundings, app: App) -> None:
        self.surroundings = surroundings
        self.screen = Screen(surroundings)
        self.app = app

    async def find(self, ref: str) -> RunId:
        """Return the run a person means by its id, a part of it, or ``last``."""
        return (await self.summary(ref)).run_id

    async def summary(self, ref: str) -> RunSummary:
        """Return the run a person means, as lists show it."""
        return await self.app.reader.run(self.app.tenant, ref)


@asynccontextmanager
async def opened(surroundings: Surroundings, file: str = "") -> AsyncIterator[Session]:
    """Open the workspace of a command."""
    async with open_app(
        root_of(surroundings, file),
        current=Path.cwd(),
        actor=whoami(),
    ) as app:
        _log(app.settings.log.level)
        session = Session(surroundings, app)
        told = _tell_unanchored(session)
        try:
            yield session
        finally:
            if not told:
                _tell_unanchored(session)


def _tell_unanchored(session: Session) -> bool:
    """Tell when the head of the audit record could not be kept: later nobody could say why."""
    error = session.app.audit.auditor.unanchored
    if error is None:
        return False
    session.screen.complain(f"warning[{error.code}]: {error.message}\n  {error.advice}")
    return True


def carry_out(
    surroundings: Surroundings,
    work: Callable[[Session], Awaitable[T]],
    file: str = "",
    *,
    apart: bool = True,
) -> T:
    """Open the workspace, do the work and close it again.

    Args:
        surroundings: The options that stand anywhere.
        work: What is done.
        file: What the command names, when that says which workspace is meant.
        apart: Whether standard output is kept for answers alone. It stays so until the command's
            end: threads and C libraries of tools may write after the work is done.
    """
    if apart:
        keep_apart()

    async def within() -> T:
        async with opened(surroundings, file) as session:
            return await work(session)

    try:
        return asyncio.run(within())
    except asyncio.CancelledError:
        # A second Ctrl-C did not wait for calls in flight: their runs are taken over later.
        raise KeyboardInterrupt from None


def _log(level: str) -> None:
    """Let the log through when more was asked for than warnings; errors are told anyway."""
    logger = logging.getLogger("kapell")
    if level in ("debug", "info"):
        tell_logs()
        logger.setLevel(level.upper())
    elif not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def whoami() -> str:
    """Return who sits at this terminal, as events and the record name them."""
    try:
        return f"user:{getpass.getuser()}"
    except (OSError, KeyError):
        # Containers run under ids that have no name.
        return "user:local"
