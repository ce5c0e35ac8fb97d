"""What tools print: kept off the program's own output, counted, the beginning of it logged."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO, cast

_KEPT = 4_000
"""Characters of what a call printed that go to the log."""
_log = logging.getLogger("kapell.tools")


class _Sink:
    """Takes what one call prints and keeps no more of it than its beginning."""

    def __init__(self) -> None:
        self.kept = ""
        self.size = 0

    def take(self, text: str) -> None:
        self.size += len(text)
        if len(self.kept) < _KEPT:
            self.kept += text[: _KEPT - len(self.kept)]


_sink: ContextVar[_Sink | None] = ContextVar("kapell_tool_output", default=None)


class _Switch:
    """Stands in for a stream: what a call prints goes to its sink, everything else through."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        sink = _sink.get()
        if sink is None:
            return self.stream.write(text)
        sink.take(text)
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if _sink.get() is None:
            self.stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


_lock = threading.Lock()
_open = 0


@contextmanager
def captured(tool: str) -> Iterator[None]:
    """Keep what is printed inside, in this context and the threads it begins, off our output."""
    sink = _Sink()
    token = _sink.set(sink)
    _enter()
    try:
        yield
    finally:
        _leave()
        _sink.reset(token)
        if sink.size:
            _log.info("%s printed %d characters: %s", tool, sink.size, sink.kept)


def _enter() -> None:
    global _open
    with _lock:
        _open += 1
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, _Switch):
                setattr(sys, name, cast("TextIO", _Switch(stream)))


def _leave() -> None:
    """Put the streams back when no call is left, for others exchange them as well."""
    global _open
    with _lock:
        _open -= 1
        if _open:
            return
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, _Switch):
                setattr(sys, name, stream.stream)
