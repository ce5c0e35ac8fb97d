"""Work of strangers that may be left behind: nothing can stop a Python thread that hangs."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from kapell.kit.errors import Limited

T = TypeVar("T")

MOST_LEFT = 64
"""Threads that may hang at a time; each keeps its memory until it ends, or the process does."""


class Threads:
    """Begins a thread for each call and knows how many were left behind."""

    def __init__(self, most_left: int = MOST_LEFT) -> None:
        self._most_left = most_left
        self._lock = threading.Lock()
        self.left = 0

    async def run(self, name: str, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; a cancellation leaves its thread behind.

        Raises:
            Limited: ``tool_threads_spent`` when too many are hanging.
        """
        call: Call[T] = self.begun()
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(_carry_out, call, work), name=f"tool {name}", daemon=True
        )
        thread.start()
        try:
            return await call.result
        except asyncio.CancelledError:
            call.leave()
            raise

    def begun(self) -> "Call[T]":
        """Return a new call, whose result the running event loop waits for.

        Raises:
            Limited: ``tool_threads_spent`` when too many are hanging.
        """
        if self.left >= self._most_left:
            raise Limited(
                f"{self.left} calls of Python tools hang and cannot be stopped.",
                code="tool_threads_spent",
                advice="Give what the tools wait for a timeout of its own, and restart the worker.",
            )
        return Call(self)

    def count(self, change: int) -> None:
        """Note that a thread was left behind, or has ended after all."""
        with self._lock:
            self.left += change


class Call(Generic[T]):
    """One call that another thread carries out: whether it is waited for says what its end means.

    Attributes:
        result: Settled when it has ended, unless it was left.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._ended = False
        self._left = False
        self.result: asyncio.Future[T] = self._loop.create_future()

    def succeed(self, result: T) -> None:
        """End with a result."""
        self._end(lambda: self.result.set_result(result))

    def fail(self, error: BaseException) -> None:
        """End with what was raised."""
        found = _told(error)
        self._end(lambda: self.result.set_exception(found))

    def leave(self) -> None:
        """Stop waiting; the call counts as left behind until it ends."""
        with self._lock:
            if not self._ended:
                self._left = True
                self._threads.count(1)

    def _end(self, settle: Callable[[], None]) -> None:
        with self._lock:
            self._ended = True
            if self._left:
                self._threads.count(-1)
                return
        try:
            self._loop.call_soon_threadsafe(self._settle, settle)
        except RuntimeError:
            return  # the loop was closed: nobody waits any more

    def _settle(self, settle: Callable[[], None]) -> None:
        if not self.result.done():
            settle()


def _carry_out(call: Call[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except BaseException as error:
        call.fail(error)
    else:
        call.succeed(result)


def _told(error: BaseException) -> Exception:
    """Return what a future can carry; leaving the process is for the program alone to decide."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"it raised {type(error).__name__}")
