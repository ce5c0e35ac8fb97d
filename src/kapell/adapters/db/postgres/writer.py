"""The one writer of a process: a task that commits what has collected while it committed before.

A batch is one call, one round trip, one transaction. Whoever spoils it leaves it: the fenced are
told so, locked rows wait for the next batch, bad data halves the batch until it stands alone. When
an answer is lost with its connection, the log itself tells whether the commit came through.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import asyncpg

from kapell.adapters.db import faults
from kapell.adapters.db.decisions import Birth, Decision
from kapell.adapters.db.postgres.calls import Verdict, commit
from kapell.adapters.db.postgres.connections import (
    BROKEN,
    PASSING,
    check_schema,
    connect,
    surroundings,
)
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.services.runs.ports import Append, Appended, RunLost, Started

BATCH = 512
_TRIES = 6
_PAUSE = 0.01
_LATE_PAUSE = 0.005
_RECONNECT_SECONDS = 20.0
_IDS = """
SELECT id FROM events WHERE tenant_id = $1 AND run_id = $2 AND seq > $3 AND seq <= $4 ORDER BY seq
"""
_STANDS = """
SELECT owner = $3 AS mine, owner IS NULL AS free FROM runs
WHERE tenant_id = $1 AND run_id = $2 AND epoch = $4 AND seq = $5
"""


class Order:
    """A decision under way and the future of who waits for it."""

    __slots__ = ("decision", "future", "started", "uncertain")

    def __init__(
        self, decision: Decision, future: "asyncio.Future[Appended | tuple[Started, ...]]"
    ) -> None:
        self.decision = decision
        self.future = future
        self.uncertain = False
        """An answer was lost: it may be stored already."""
        self.started: dict[int, Started] = {}
        """By the identity of a birth: runs that were there already."""

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless there is an answer."""
        if not self.future.done():
            self.future.set_exception(error)

    def succeed(self, freed: bool) -> None:
        """Answer that it is stored."""
        if self.future.done():
            return
        append = self.decision.append
        if append is not None:
            seq = append.expected_seq + len(self.decision.events)
            self.future.set_result(Appended(seq, freed))
        else:
            self.future.set_result(
                tuple(
                    self.started.get(id(birth), Started(birth.run.run_id, True))
                    for birth in self.decision.births
                )
            )


class Writer:
    """Owns the writing connection; whoever decides, orders here."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._orders: list[Order] = []
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._closing = False

    async def open(self) -> None:
        """Connect, check the schema and begin."""
        connection = await connect(self._url)
        try:
            await check_schema(connection)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="kapell-writer")

    async def close(self) -> None:
        """Commit what waits, then disconnect."""
        if self._task is not None:
            self._closing = True
            self._awake.set()
            await self._task
            self._task = None
        if self._connection is not None:
            with suppress(*BROKEN):
                await self._connection.close(timeout=5)
            self._connection = None

    def order(self, decision: Decision) -> "asyncio.Future[Appended | tuple[Started, ...]]":
        """Order a decision to be written."""
        if self._task is None or self._closing:
            raise faults.closed()
        order = Order(decision, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self._awake.set()
        return order.future

    async def _run(self) -> None:
        late: list[Order] = []
        while self._orders or late or not self._closing:
            if not self._orders and not late:
                await self._awake.wait()
                self._awake.clear()
                continue
            if late and not self._orders:
                # Only rows that others hold: no need to ask without end.
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), _LATE_PAUSE)
            self._awake.clear()
            batch, rest = _collect(late + self._orders)
            self._orders = []
            locked: list[Order] = []
            try:
                await self._write(batch, locked)
            except Exception as error:  # the writer goes on for the others
                for order in batch:
                    order.fail(_blamed(error))
            late = locked + rest

    async def _write(self, batch: Sequence[Order], locked: list[Order]) -> None:
        """Settle every order of the batch, or put it among the locked."""
        tries = 0
        while batch:
            try:
                verdict = await self._call(batch)
            except BROKEN as error:
                if self._is_whole(error):
                    await self._spoiled(batch, error, locked)
                    return
                for order in batch:
                    order.uncertain = True
                if not await self._reconnect():
                    lost = faults.lost_connection()
                    lost.__cause__ = error
                    _fail(batch, lost)
                    return
            except asyncpg.PostgresError as error:
                if isinstance(error, PASSING) and (tries := tries + 1) < _TRIES:
                    await asyncio.sleep(_PAUSE * tries)
                else:
                    await self._spoiled(batch, error, locked)
                    return
            else:
                batch = await self._settle(batch, verdict, locked)

    def _is_whole(self, error: BaseException) -> bool:
        """Return whether the driver refused values while the line is in order."""
        connection = self._connection
        return (
            isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
            and connection is not None
            and not connection.is_closed()
        )

    async def _spoiled(
        self, batch: Sequence[Order], error: BaseException, locked: list[Order]
    ) -> None:
        """Halve a batch of which one order is bad; what fails around it fails all."""
        around = surroundings(error) if isinstance(error, asyncpg.PostgresError) else None
        if around is not None or len(batch) == 1:
            _fail(batch, around or _blamed(error))
            return
        middle = len(batch) // 2
        await self._write(batch[:middle], locked)
        await self._write(batch[middle:], locked)

    async def _call(self, batch: Sequence[Order]) -> Verdict:
        connection = self._connection
        if connection is None or connection.is_closed():
            raise ConnectionResetError("not connected")
        appends = [order.decision for order in batch if order.decision.append is not None]
        births = [birth for order in batch for birth in _open_births(order)]
        return await commit(connection, appends, births)

    async def _settle(
        self, batch: Sequence[Order], verdict: Verdict, locked: list[Order]
    ) -> list[Order]:
        """Answer whom the verdict settles; return those to be tried again."""
        appending = [order for order in batch if order.decision.append is not None]
        if verdict.stored:
            for order, freed in zip(appending, verdict.freed, strict=True):
                order.succeed(freed)
            for order in batch:
                if order.decision.append is None:
                    order.succeed(False)
            return []
        gone: set[int] = set()
        for order, outcome in zip(appending, verdict.outcomes, strict=True):
            if outcome == 0:
                continue
            gone.add(id(order))
            if outcome == 3:
                locked.append(order)
            elif outcome == 4:
                posts = order.decision.posts
                order.fail(faults.run_unknown(", ".join(post.run_id for post in posts)))
            elif order.uncertain:
                await self._verify(order)
            else:
                order.fail(RunLost())
        _apply_existing(batch, verdict, gone)
        return [order for order in batch if id(order) not in gone and not order.future.done()]

    async def _verify(self, order: Order) -> None:
        """Look whether an append whose answer was lost is in the log, under the same epoch."""
        append, connection = order.decision.append, self._connection
        if append is None or connection is None:
            order.fail(faults.lost_connection())
            return
        try:
            order_stands = await _stands(connection, append)
        except (asyncpg.PostgresError, *BROKEN) as error:
            order.fail(surroundings(error) or faults.lost_connection())
            return
        if order_stands is None:
            order.fail(RunLost())
        else:
            order.succeed(order_stands)

    async def _reconnect(self) -> bool:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        loop = asyncio.get_running_loop()
        until = loop.time() + _RECONNECT_SECONDS
        pause = 0.02
        while loop.time() < until:
            try:
                self._connection = await connect(self._url)
            except KapellError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
            else:
                return True
        return False


async def _stands(connection: asyncpg.Connection, append: Append) -> bool | None:
    """Return whether the stored append also freed its run; None when it is not stored."""
    seq = append.expected_seq + len(append.events)
    found = await connection.fetch(_IDS, append.tenant_id, append.run_id, append.expected_seq, seq)
    if [row["id"] for row in found] != [event.id for event in append.events]:
        return None
    row = await connection.fetchrow(
        _STANDS, append.tenant_id, append.run_id, append.worker, append.epoch, seq
    )
    if row is None:
        # Stored, but others have gone on from there: the run is theirs now.
        return True if append.events else None
    return not row["mine"]


def _collect(orders: Sequence[Order]) -> tuple[list[Order], list[Order]]:
    """Return a batch with at most one order a run and a key, and the rest for later."""
    batch: list[Order] = []
    later: list[Order] = []
    taken: set[tuple[str, str]] = set()
    for order in orders:
        if order.future.cancelled() and order.decision.append is None:
            continue
        names = _names(order.decision)
        if len(batch) >= BATCH or not taken.isdisjoint(names):
            later.append(order)
            continue
        taken.update(names)
        batch.append(order)
    return batch, later


def _names(decision: Decision) -> list[tuple[str, str]]:
    names: list[tuple[str, str]] = [
        (birth.run.tenant_id, birth.run.key or birth.run.run_id) for birth in decision.births
    ]
    if decision.append is not None:
        names.append((decision.append.tenant_id, decision.append.run_id))
    return names


def _open_births(order: Order) -> list[Birth]:
    return [birth for birth in order.decision.births if id(birth) not in order.started]


def _apply_existing(batch: Sequence[Order], verdict: Verdict, gone: set[int]) -> None:
    births = [(order, birth) for order in batch for birth in _open_births(order)]
    for number, run_id, same in verdict.existing:
        order, birth = births[number]
        if same:
            # A birth whose answer was lost and that is there is this one, and nobody else's.
            ours = order.uncertain and run_id == birth.run.run_id
            order.started[id(birth)] = Started(RunId(run_id), ours)
        elif id(order) not in gone:
            order.fail(faults.key_reused(birth.run.key or birth.run.run_id))


def _fail(batch: Sequence[Order], error: BaseException) -> None:
    for order in batch:
        order.fail(error)


def _blamed(error: BaseException) -> BaseException:
    if isinstance(error, KapellError):
        return error
    blamed = faults.refused(f"{type(error).__name__}: {error}")
    blamed.__cause__ = error
    return blamed
