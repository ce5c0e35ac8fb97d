"""The one writer of a process: a thread that commits what has collected while it committed before.

A batch is a transaction. What a caller did wrong leaves the batch alone: the fenced drop out, any
other failure of the data halves the batch until the bad one stands by itself.
"""

import asyncio
import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from kapell.adapters.db import faults
from kapell.adapters.db.decisions import Decision
from kapell.adapters.db.sqlite.connections import (
    BUSY_SECONDS,
    connect,
    prepare_schema,
    surroundings,
)
from kapell.adapters.db.sqlite.writing.appends import Fenced, append
from kapell.adapters.db.sqlite.writing.turnstile import Turnstile
from kapell.kit.errors import KapellError
from kapell.services.runs.ports import Appended, RunLost

T = TypeVar("T")
Work = Callable[[sqlite3.Connection, float], T]
"""Something to be done inside the transaction: connection and the store's now in, result out."""

BATCH = 1024


class _Order(Generic[T]):
    """A decision or a piece of work, and the future of who waits for it.

    ``peek`` marks work that only looks, outside any transaction; ``passing`` work that a power cut
    may undo.
    """

    __slots__ = ("error", "future", "passing", "peek", "result", "what")

    def __init__(
        self,
        what: "Decision | Work[T]",
        future: "asyncio.Future[T]",
        *,
        peek: bool = False,
        passing: bool = False,
    ) -> None:
        self.what = what
        self.peek = peek
        self.passing = passing
        self.future = future
        self.result: object = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type] # the work's own result


class Writer:
    """Owns the writing connection; everything else asks it."""

    def __init__(self, path: str, *, full: bool) -> None:
        self._path = path
        self._full = full
        self._waits = full
        self._orders: SimpleQueue[_Order[object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: sqlite3.Connection | None = None
        self._turnstile: Turnstile | None = None

    async def open(self) -> None:
        """Open the file, make or check its schema, start the thread."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._begin)
        self._thread = threading.Thread(target=self._run, name="kapell-writer", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Commit what waits, then end the thread."""
        # From here on orders are refused: one behind the last would never be answered.
        thread, self._thread = self._thread, None
        if thread is not None:
            self._orders.put(None)
            await asyncio.to_thread(thread.join)

    def append(self, decision: Decision) -> "asyncio.Future[Appended]":
        """Order a decision to be written."""
        return self._order(decision)

    def do(self, work: Work[T], *, passing: bool = False) -> "asyncio.Future[T]":
        """Order work to be done in the next transaction.

        ``passing`` work does not wait for the disk: the end of this process cannot undo it, a power
        cut before the next commit can.
        """
        return self._order(work, passing=passing)

    def peek(self, work: Work[T]) -> "asyncio.Future[T]":
        """Order a look at the connection, outside any transaction."""
        return self._order(work, peek=True)

    def _order(
        self, what: "Decision | Work[T]", *, peek: bool = False, passing: bool = False
    ) -> "asyncio.Future[T]":
        if self._loop is None or self._thread is None:
            raise faults.closed()
        future: asyncio.Future[T] = self._loop.create_future()
        self._orders.put(_Order(what, future, peek=peek, passing=passing))  # type: ignore[arg-type] # results are the orders' own
        return future

    def now(self) -> float:
        """Return the store's clock: with one machine it is the machine's."""
        return time.time()

    def _begin(self) -> None:
        try:
            self._turnstile = Turnstile(self._path, BUSY_SECONDS)
        except OSError as error:
            raise _no_file(error, self._path) from error
        self._turnstile.enter()
        try:
            self._connection = connect(self._path, full=self._full)
            prepare_schema(self._connection, self._path)
        except BaseException:
            if self._connection is not None:
                self._connection.close()
            self._turnstile.close()
            raise
        self._turnstile.leave()

    def _run(self) -> None:
        late: list[_Order[object]] = []
        ending = False
        while not ending or late:
            batch, late, ending = self._collect(late, ending)
            if batch:
                self._write(batch)
                self._answer(batch)
        if self._connection is not None:
            self._connection.close()
        if self._turnstile is not None:
            self._turnstile.close()

    def _collect(
        self, late: list[_Order[object]], ending: bool
    ) -> tuple[list[_Order[object]], list[_Order[object]], bool]:
        """Return what is there, at most one decision a run; a second one comes late."""
        batch: list[_Order[object]] = []
        later: list[_Order[object]] = []
        runs: set[str] = set()
        waiting = list(late)
        if not waiting and not ending:
            first = self._orders.get()
            if first is None:
                return batch, later, True
            waiting.append(first)
        try:
            while len(waiting) < BATCH:
                order = self._orders.get_nowait()
                if order is None:
                    ending = True
                else:
                    waiting.append(order)
        except Empty:
            pass
        for order in waiting:
            if isinstance(order.what, Decision) and order.what.append is not None:
                if order.what.append.run_id in runs:
                    later.append(order)
                    continue
                runs.add(order.what.append.run_id)
            batch.append(order)
        return batch, later, ending

    def _answer(self, batch: Sequence[_Order[object]]) -> None:
        def settle() -> None:
            for order in batch:
                order.settle()

        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(settle)

    def _write(self, batch: Sequence[_Order[object]]) -> None:
        """Commit the batch; every order has its result or its error afterwards."""
        turnstile, connection = self._turnstile, self._connection
        if turnstile is None or connection is None:
            raise RuntimeError("the writer runs before it is open")
        for order in batch:
            if order.peek:
                _peek(connection, order)
        batch = [order for order in batch if not order.peek]
        if not batch:
            return
        try:
            turnstile.enter()
        except KapellError as error:
            _fail(batch, error)
            return
        try:
            self._commit(connection, batch)
        finally:
            turnstile.leave()

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[_Order[object]]) -> None:
        while batch:
            try:
                self._wait_for_disk(connection, not all(order.passing for order in batch))
                _transact(connection, batch)
            except Fenced as fenced:
                _undo(connection)
                lost = {id(one) for one in fenced.lost}
                for order in batch:
                    if id(order.what) in lost:
                        order.error = RunLost()
                batch = [order for order in batch if id(order.what) not in lost]
            except Exception as error:
                _undo(connection)
                around = surroundings(error) if isinstance(error, sqlite3.Error) else None
                if around is not None or len(batch) == 1:
                    _fail(batch, around or _blamed(error))
                else:
                    middle = len(batch) // 2
                    self._commit(connection, batch[:middle])
                    self._commit(connection, batch[middle:])
                return
            else:
                return

    def _wait_for_disk(self, connection: sqlite3.Connection, wanted: bool) -> None:
        """Let the next commit wait for the disk or not; with durability ``normal`` none does."""
        if self._full and wanted != self._waits:
            connection.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._waits = wanted


def _no_file(error: OSError, path: str) -> KapellError:
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return faults.read_only()
    if error.errno == errno.ENOSPC:
        return faults.full()
    return faults.file_unreachable(f"{error.strerror}: {path}")


def _transact(connection: sqlite3.Connection, batch: Sequence[_Order[object]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    now = time.time()
    appending = [order for order in batch if isinstance(order.what, Decision)]
    if appending:
        decisions = [order.what for order in appending if isinstance(order.what, Decision)]
        for order, result in zip(appending, append(connection, decisions, now), strict=True):
            order.result = result
    for order in batch:
        if not isinstance(order.what, Decision):
            _work(connection, order, order.what, now)
    connection.execute("COMMIT")


def _peek(connection: sqlite3.Connection, order: _Order[object]) -> None:
    if isinstance(order.what, Decision):
        return
    try:
        order.result = order.what(connection, time.time())
    except sqlite3.Error as error:
        order.error = surroundings(error) or faults.failed(str(error))


def _work(
    connection: sqlite3.Connection, order: _Order[object], work: Work[object], now: float
) -> None:
    connection.execute("SAVEPOINT work")
    try:
        order.error, order.result = None, work(connection, now)
    except KapellError as error:
        connection.execute("ROLLBACK TO work")
        order.error = error
    connection.execute("RELEASE work")


def _undo(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _fail(batch: Sequence[_Order[object]], error: BaseException) -> None:
    for order in batch:
        order.error = error


def _blamed(error: Exception) -> BaseException:
    if isinstance(error, KapellError):
        return error
    blamed = faults.refused(f"{type(error).__name__}: {error}")
    blamed.__cause__ = error
    return blamed
