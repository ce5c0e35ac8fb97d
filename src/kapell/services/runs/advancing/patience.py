"""Asking a store that may be away for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from kapell.kit.errors import KapellError

PATIENCE = 60.0
"""Seconds a run's owner tries to reach the store: what it holds may be paid for, and a database
that restarts, or whose disk somebody clears, takes about as long.
"""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
"""Seconds between two tries; doubled from the one to the other."""

T = TypeVar("T")

STORE = logging.getLogger("kapell.store")
"""Hears that the store does not answer; its records carry what it said as ``error``."""


def unanswered(error: KapellError) -> None:
    """Tell whoever listens that the store does not answer, and that it is asked again."""
    STORE.warning("the store does not answer: %s", error, extra={"error": error})


async def patiently(ask: Callable[[], Awaitable[T]], in_vain: Callable[[], bool]) -> T:
    """Ask the store until it answers, the answer would be in vain, or patience ends.

    Raises:
        KapellError: as the store answered last.
    """
    until = monotonic() + PATIENCE
    pause = FIRST_PAUSE
    while True:
        try:
            return await ask()
        except KapellError as error:
            if not error.retryable or in_vain() or monotonic() > until:
                raise
            unanswered(error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
