"""Opens the program for one command: its workspace, its store, who acts."""

import asyncio
import getpass
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from kapell.bootstrap.app import App, open_app
from kapell.bootstrap.definitions import find_root
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.kit.errors import Missing
from kapell.kit.ids import RunId

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
        return (await self.app.reader.run(self.app.tenant, ref)).run_id


@asynccontextmanager
async def opened(surroundings: Surroundings) -> AsyncIterator[Session]:
    """Open the workspace of a command."""
    async with open_app(
        root_of(surroundings),
        current=Path.cwd(),
        actor=f"user:{_user()}",
    ) as app:
        _log(app.settings.log.level)
        yield Session(surroundings, app)


def root_of(surroundings: Surroundings) -> Path:
    """Return the workspace that is meant.

    Raises:
        Missing: ``workspace_missing`` when the folder asked for is not there.
    """
    if surroundings.folder is None:
        return find_root(Path.cwd())
    if not surroundings.folder.is_dir():
        raise Missing(
            f"There is no folder `{surroundings.folder}`.",
            code="workspace_missing",
            advice="Check --workspace, or make one with `kapell init`.",
        )
    return surroundings.folder.resolve()


def carry_out(surroundings: Surroundings, work: Callable[[Session], Awaitable[T]]) -> T:
    """Open the workspace, do the work and close it again."""

    async def within() -> T:
        async with opened(surroundings) as session:
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
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
        logger.setLevel(level.upper())
    elif not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # Containers run under ids that have no name.
        return "local"
