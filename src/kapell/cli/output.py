"""Where answers go: standard output, kept for us alone while tools run in this process.

A tool, a C library it calls and the programs it starts write to file descriptor 1 as they like, and
whoever reads our answers would have that among them. So the descriptor is given to them, leading
to standard error, and answers take a way of their own. A terminal is left as it is: whoever looks
at it sees both anyway, and editors and line editing need it.
"""

import fcntl
import os
import sys
from contextlib import suppress
from typing import TextIO

_OUT, _ERR = 1, 2
_own: TextIO | None = None


def answers() -> TextIO:
    """Return the stream that answers are written to."""
    return _own or sys.stdout


def keep_apart() -> None:
    """Send whatever others write to standard output to standard error, until put back."""
    global _own
    stream = sys.stdout
    if _own is not None or not _is_piped(stream):
        return
    stream.flush()
    own = fcntl.fcntl(_OUT, fcntl.F_DUPFD_CLOEXEC, _ERR + 1)
    if sys.__stderr__ is not None:
        os.dup2(_ERR, _OUT)
    else:
        # It was closed by whoever called us, so its number may be any file's by now.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUT)
        os.close(nowhere)
    _own = open(own, "w", encoding=stream.encoding, errors=stream.errors)  # noqa: SIM115 - kept
    _by_line(stream, on=True)


def put_back() -> None:
    """Let standard output be everybody's again."""
    global _own
    if _own is None:
        return
    own, _own = _own, None
    with suppress(OSError):
        sys.stdout.flush()
    os.dup2(own.fileno(), _OUT)
    _by_line(sys.stdout, on=False)
    with suppress(OSError):
        # Lines are flushed as they are written: what is left has no reader any more.
        own.close()


def _is_piped(stream: TextIO | None) -> bool:
    """Tell whether a stream is the process's own standard output, and no terminal."""
    try:
        return stream is not None and stream.fileno() == _OUT and not stream.isatty()
    except (AttributeError, OSError, ValueError):
        return False


def _by_line(stream: object, *, on: bool) -> None:
    # What is printed there stands beside errors now: it comes when it is printed.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=on)
