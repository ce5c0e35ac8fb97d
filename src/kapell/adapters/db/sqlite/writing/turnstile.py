"""A fair lock among the writers of several processes on one machine.

SQLite's own lock is taken by whoever happens to ask at the right moment; a busy process can keep
the others out for seconds. Here a writer passes two locks: whoever holds the gate is the next to
get the place, so a process that has just written cannot overtake one that waits.
"""

import fcntl
import os
import time

from kapell.adapters.db import faults

_FIRST_PAUSE = 0.0001
_LONGEST_PAUSE = 0.001


class Turnstile:
    """Two locked bytes of a side file; released by the system when the process dies."""

    def __init__(self, path: str, patience: float) -> None:
        self._patience = patience
        self._gate = os.open(f"{path}-gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._place = os.open(f"{path}-place", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def enter(self) -> None:
        """Wait for the turn.

        Raises:
            Unavailable: ``store_locked`` when it does not come in time.
        """
        until = time.monotonic() + self._patience
        _take(self._gate, until)
        try:
            _take(self._place, until)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let the next one in."""
        fcntl.flock(self._place, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back."""
        os.close(self._gate)
        os.close(self._place)


def _take(descriptor: int, until: float) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise faults.locked() from None
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        else:
            return
