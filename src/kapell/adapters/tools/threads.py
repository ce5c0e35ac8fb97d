"""Blocking work off the event loop, never left behind: a cancelled call waits for its thread."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The call was cancelled; the thread gave up at its next look."""


class Stop:
    """Tells a thread that nobody waits for its result any more."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """Ask the thread to end."""
        self._event.set()

    def check(self) -> None:
        """Return when the work is still wanted.

        Raises:
            Stopped: it is not.
        """
        if self._event.is_set():
            raise Stopped


async def in_thread(
    work: Callable[[Stop], T], discard: Callable[[T], object] = lambda _: None
) -> T:
    """Return ``work(stop)`` from a thread.

    A cancellation asks the thread to stop and waits until it has: whoever restores the folder
    afterwards must not meet a writer that nobody knows of. ``discard`` gets a result nobody wants.
    """
    stop = Stop()
    future = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.ask()
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue
        if not future.cancelled() and future.exception() is None:
            discard(future.result())
        raise
