"""Exit codes: what a program that calls Kapell may rely on. A test keeps the page equal."""

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    """It did what was asked; a run succeeded."""
    FAILED = 1
    """The run failed, or a check found something wrong."""
    INVALID = 2
    """What was given cannot be used: a file, an option, an input."""
    WAITING = 3
    """The run waits for an answer, a signal or a person."""
    CANCELLED = 4
    """The run was cancelled."""
    DENIED = 5
    """A rule, a key or a budget forbids it."""
    MISSING = 6
    """The thing named does not exist."""
    CONFLICT = 7
    """It collides with what is already there."""
    UNAVAILABLE = 8
    """Too much, too fast, or something outside does not answer: later it may work."""
    BUG = 70
    """A promise of our own was broken; please report it."""
    INTERRUPTED = 130
    """Ctrl-C; a run that was going can be resumed."""


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "it did what was asked; a run succeeded",
    Exit.FAILED: "the run failed, or a check found something wrong",
    Exit.INVALID: "what was given cannot be used: a file, an option, an input",
    Exit.WAITING: "the run waits for an answer, a signal or a person",
    Exit.CANCELLED: "the run was cancelled",
    Exit.DENIED: "a rule, a key or a budget forbids it",
    Exit.MISSING: "the thing named does not exist",
    Exit.CONFLICT: "it collides with what is already there",
    Exit.UNAVAILABLE: "too much, too fast, or something outside does not answer; try later",
    Exit.BUG: "a promise of our own was broken; please report it",
    Exit.INTERRUPTED: "Ctrl-C; a run that was going can be resumed",
}

BY_KIND: Mapping[str, Exit] = {
    "invalid": Exit.INVALID,
    "denied": Exit.DENIED,
    "missing": Exit.MISSING,
    "conflict": Exit.CONFLICT,
    "limited": Exit.UNAVAILABLE,
    "unavailable": Exit.UNAVAILABLE,
    "bug": Exit.BUG,
}
"""The exit code for a kind of error."""

BY_STATUS: Mapping[str, Exit] = {
    "succeeded": Exit.OK,
    "failed": Exit.FAILED,
    "cancelled": Exit.CANCELLED,
    "waiting": Exit.WAITING,
}
"""The exit code for a run's state when a command stops watching it; others go on: OK."""
