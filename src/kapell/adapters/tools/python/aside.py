"""Coroutines of strangers on an event loop of their own.

One that blocks its loop, or refuses to be cancelled, would hold every run of a worker and its
leases if it shared ours. All share one loop, for a client that a module makes once belongs to the
loop that first used it; a loop that is stuck is left behind, and the next call begins another.
"""

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from kapell.adapters.tools.python.abandoning import Call, Threads
from kapell.adapters.tools.python.printing import captured

T = TypeVar("T")

GRACE = 1.0
"""Seconds a cancelled coroutine has to clean up before it is left behind."""


class Aside:
    """Carries out coroutines beside the running loop.

    Args:
        threads: Counts what hangs.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._loop: _Loop | None = None

    async def run(self, tool: str, begin: Callable[[], Awaitable[T]]) -> T:
        """Return what comes of the awaitable that ``begin`` makes on the other loop.

        What it prints is kept off our output. A cancellation waits a little for it to clean up,
        and then leaves it behind.

        Raises:
            Limited: ``tool_threads_spent`` when too many are hanging.
        """
        call: Call[T] = self._threads.begun()
        work = _Work(tool, call, begin)
        with self._lock:
            loop = self._loop = self._loop or _Loop()
            loop.begin(work)
        try:
            return await call.result
        except asyncio.CancelledError:
            call.leave()
            loop.cancel(work)
            await asyncio.to_thread(work.gone.wait, GRACE)
            if not work.noticed.is_set():
                self._leave(loop)
            raise

    def _leave(self, loop: "_Loop") -> None:
        with self._lock:
            if self._loop is loop:
                self._loop = None
        loop.end()


class _Work(Generic[T]):
    """One coroutine on the other loop.

    Attributes:
        noticed: Whether the loop has heard that it is not wanted any more.
        gone: Whether it has ended.
    """

    def __init__(self, tool: str, call: Call[T], begin: Callable[[], Awaitable[T]]) -> None:
        self._tool = tool
        self._call = call
        self._begin = begin
        self.task: asyncio.Task[None] | None = None
        self.noticed = threading.Event()
        self.gone = threading.Event()

    async def carry_out(self) -> None:
        try:
            with captured(self._tool):
                result = await self._begin()
        except BaseException as error:
            self._call.fail(error)
        else:
            self._call.succeed(result)

    def end(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled():
            # It was cancelled before it began.
            self._call.fail(asyncio.CancelledError())
        self.gone.set()


class _Loop:
    """An event loop in a thread that ends when its work is done and no more is to come."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._works: dict[asyncio.Task[None], _Work[Any]] = {}
        self._last = False
        self._thread = threading.Thread(target=self._turn, name="async tools", daemon=True)
        self._thread.start()
        atexit.register(self._exit)

    def begin(self, work: _Work[T]) -> None:
        """Begin a coroutine."""
        self._loop.call_soon_threadsafe(self._begin, work)

    def cancel(self, work: _Work[T]) -> None:
        """Ask a coroutine to end."""
        self._loop.call_soon_threadsafe(self._cancel, work)

    def end(self) -> None:
        """Take no more; end with what is under way."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end)

    def _begin(self, work: _Work[T]) -> None:
        work.task = self._loop.create_task(work.carry_out())
        self._works[work.task] = work
        work.task.add_done_callback(self._ended)

    def _cancel(self, work: _Work[T]) -> None:
        work.noticed.set()
        if work.task is not None:
            work.task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._works.pop(task).end(task)
        if self._last:
            self._end()

    def _end(self) -> None:
        self._last = True
        if not self._works:
            self._loop.stop()

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
            atexit.unregister(self._exit)

    def _exit(self) -> None:
        """End with the program, whatever is under way."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._give_up)
        self._thread.join(GRACE)

    def _give_up(self) -> None:
        for task in self._works:
            task.cancel()
        self._end()
