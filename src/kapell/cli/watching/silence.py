"""What is said while the store does not answer: a run that waits for it must not look asleep."""

import contextlib
import logging
from collections.abc import Iterator
from time import monotonic

from kapell.cli.failures import block
from kapell.cli.screen import Screen
from kapell.kit.errors import KapellError
from kapell.services.runs.advancing.patience import STORE

AGAIN = 20.0
"""Seconds after which the same is said again, as it still holds."""


@contextlib.contextmanager
def silence(screen: Screen) -> Iterator[None]:
    """Write what the store says for as long as it does not answer."""
    handler = _Teller(screen)
    STORE.addHandler(handler)
    try:
        yield
    finally:
        STORE.removeHandler(handler)


class _Teller(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen
        self._told: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a warning, unless the same was written a moment ago."""
        error = getattr(record, "error", None)
        if not isinstance(error, KapellError):
            return
        now = monotonic()
        if now - self._told.get(error.code, now - AGAIN) < AGAIN:
            return
        self._told[error.code] = now
        said = block(self._screen, error, word="warning")
        self._screen.note(f"{said}\n  The store is asked again until it answers.")
