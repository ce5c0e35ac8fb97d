"""A worker: claims runs, owns them while it beats, gives them back when it leaves."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from time import monotonic

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.runs.program import Program
from kapell.core.runs.state import FOLD, State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import Failure, KapellError
from kapell.kit.ids import RunId
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.holding import Holding, Solitary
from kapell.services.runs.advancing.owner import RunOwner
from kapell.services.runs.advancing.patience import unanswered
from kapell.services.runs.ports import Claim, Doorbell, NewRun, Started

log = logging.getLogger(__name__)

SWEEP = 1.0
"""Seconds after which a worker looks by itself, so that a lost ring costs no more than that."""

PROCESSES = 2
"""Suspects owned at a time, each in a process of its own that is as heavy as a worker. When that
process dies, the run is put aside for a person, with the cause of that death.
"""

LOADING = 64
"""Runs claimed and not yet loaded at a time. Hundreds loaded side by side keep a process from beats
until it has lost them all, and the next one after it: none would get on, all would look guilty.
"""

HOPE = 10.0
"""Seconds a watched run waits to be claimed from a store that fails, before its watcher is told."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker takes on.

    ``runs`` owned at once, ``caps`` per workflow over all workers, ``lease`` seconds its ownership
    lasts without a beat, ``drain`` seconds it waits for calls in flight when it leaves.
    """

    runs: int = 500
    caps: Mapping[str, int] = {}
    lease: float = 3.0
    drain: float = 10.0


class Worker:
    """Owns and advances runs.

    Args:
        desk: What its runs share.
        doorbell: Where it hears that something may be due.
        limits: What it takes on.
        solitary: How it advances a run that may kill its process; None: it puts such a run aside.
        chore: What it does beside, each second; told whether it is busy.
    """

    def __init__(
        self,
        desk: Desk,
        doorbell: Doorbell,
        limits: Limits,
        solitary: Solitary | None = None,
        chore: Callable[[bool], Awaitable[object]] | None = None,
    ) -> None:
        self._chore = chore
        self.desk = desk
        self._doorbell = doorbell
        self._limits = limits
        self._news = asyncio.Event()
        self._held = Holding(desk, limits.runs, solitary, self._news.set, self._failed)
        self._watched: tuple[RunId, asyncio.Event] | None = None
        self._open = False
        self._behind = False
        self._beginning = 0

    @property
    def owned(self) -> Sequence[RunId]:
        """Return the runs this worker holds now."""
        return self._held.runs

    @contextlib.contextmanager
    def watch(self, run: RunId, stop: asyncio.Event) -> Iterator[None]:
        """Set ``stop`` when a run has ended, waits for somebody, or could not be advanced."""

        def look(changed: RunId, events: Sequence[Event], state: State, program: Program) -> None:
            del events, program
            if changed == run and _idle(state):
                stop.set()

        self.desk.observers.append(look)
        self._watched = (run, stop)
        try:
            yield
        finally:
            self.desk.observers.remove(look)
            self._watched = None

    def raise_failure(self, run: RunId) -> None:
        """Raise why a run could not be advanced, if it could not.

        Raises:
            KapellError: as its owner met it.
        """
        failure = self._held.failures.get(run)
        if failure is not None:
            raise KapellError.from_failure(failure)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then drain and give everything back."""
        self.desk.draining = False
        try:
            await self._beat()
        except KapellError as error:  # the next beat comes soon, whatever kept this one back
            if not error.retryable:
                raise
            unanswered(error)
        helpers = [
            asyncio.create_task(helper)
            for helper in (self._beating(), self._listening(), self._chores())
        ]
        stopper = asyncio.create_task(self._stopping(stop))
        try:
            self._open = True
            await self._claiming(stop)
        finally:
            self._open = False
            try:
                self.desk.draining = True
                await self._held.drain(self._limits.drain)
            finally:
                for helper in (*helpers, stopper):
                    helper.cancel()
                await asyncio.gather(*helpers, stopper, return_exceptions=True)
                with contextlib.suppress(KapellError):
                    await self.desk.log.leave(self.desk.worker)

    def has_room(self, new: NewRun) -> bool:
        """Tell whether a new run may begin here at once.

        Not while runs that are due wait for room, nor when a cap has to be counted.
        """
        at_once = new.wake_at is None and new.workflow not in self._limits.caps
        room = self._held.free > self._beginning
        return self._open and at_once and not self._behind and room

    async def begin(self, new: NewRun) -> Started:
        """Begin a run as its owner: its first decision is stored with it, nothing is read back.

        Raises:
            KapellError: the run could not be stored.
        """
        claim = Claim(
            tenant_id=new.tenant_id,
            run_id=new.run_id,
            workflow=new.workflow,
            version=new.version,
            epoch=1,
            seq=0,
            takeovers=0,
            status=new.row.status,
        )
        owner = self._held.owner(claim)
        self._beginning += 1
        try:
            ours = await _first_decision(owner, new)
            (started,) = await self.desk.starts.start([ours or new])
        finally:
            self._beginning -= 1
        if ours is not None and started.created:
            self._held.take(claim, owner)
        return started

    async def _stopping(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._news.set()

    async def _claiming(self, stop: asyncio.Event) -> None:
        swept, silent = monotonic() - SWEEP, 0.0
        while not stop.is_set():
            self._news.clear()
            pause = SWEEP
            try:
                pause = await self._claim()
                silent = 0.0
                if monotonic() - swept >= SWEEP:
                    swept = monotonic()
                    await self._collect(())
                    await self._claim_suspects()
            except KapellError as error:
                unanswered(error)
                silent = silent or monotonic()  # one answer that took long is no silence
                self._tell_watcher(error, monotonic() - silent)
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()

    def _tell_watcher(self, error: KapellError, failing: float) -> None:
        """Give up a watched run that cannot even be claimed: nothing of it is in flight here."""
        if self._watched is None or (error.retryable and failing < HOPE):
            return
        run, stop = self._watched
        if run not in self._held:
            self._held.failures[run] = Failure.of(error)
            stop.set()

    def _failed(self, run: RunId) -> None:
        if self._watched is not None and self._watched[0] == run:
            self._watched[1].set()

    async def _claim(self) -> float:
        """Claim what is due; return the seconds until it is worth looking again."""
        free = min(self._held.free, LOADING - self._held.loading)
        self._behind = free <= 0
        if self._behind:
            return SWEEP
        found = await self.desk.log.claim(self.desk.worker, free, self._limits.caps, int(FOLD))
        self.desk.skew = found.now - self.desk.clock.now()
        for claim in found.claims:
            self._held.take(claim)
        self._behind = len(found.claims) >= free
        if self._behind:
            return 0.0
        if found.next_due is None:
            return SWEEP
        return min(SWEEP, max(found.next_due - found.now, 0.005))

    async def _claim_suspects(self) -> None:
        free = min(PROCESSES - self._held.suspects, self._held.free)
        if free > 0:
            asked = (self.desk.worker, free, self._limits.caps, int(FOLD))
            for claim in (await self.desk.log.claim(*asked, suspects=True)).claims:
                self._held.take(claim)

    async def _listening(self) -> None:
        async for rung in self._doorbell.listen():
            ours = self._held.ring(rung)
            if len(ours) < len(rung) or not rung:
                self._news.set()
            if ours:
                with contextlib.suppress(KapellError):
                    await self._collect(ours)

    async def _collect(self, runs: Sequence[RunId]) -> None:
        """Hand the inbox's messages to whom they are for; those of all runs, if none is named."""
        if self._held.epochs:
            self._held.deliver(await self.desk.log.inbox(self.desk.worker, runs))

    async def _beating(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease / 3)
            try:
                await self._beat()
            except KapellError as error:
                unanswered(error)

    async def _chores(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            await self._do_chore(busy=bool(self._held.epochs))

    async def _do_chore(self, *, busy: bool) -> None:
        if self._chore is not None:
            try:
                await self._chore(busy)
            except KapellError as error:
                unanswered(error)

    async def _beat(self) -> None:
        """Renew the lease; drop what is not ours any more."""
        held = self._held.epochs
        beat = await self.desk.log.beat(self.desk.worker, held, self._limits.lease)
        self._held.lose(beat.lost, held)


async def _first_decision(owner: RunOwner, new: NewRun) -> NewRun | None:
    """Return a new run with what its owner decides first; None leaves it to whoever claims it."""
    try:
        return await owner.begin(new)
    except Exception:  # whoever claims the run meets it again, and knows what to do
        log.debug("run %s is left to the queue", new.run_id, exc_info=True)
        return None


def _idle(state: State) -> bool:
    """Tell whether a run has ended, or waits for what only somebody outside can bring."""
    if state.status in TERMINAL:
        return True
    if state.status is not RunStatus.WAITING or state.children:
        return False
    return not any(run.waits in {"time", "retry"} for run in state.steps.values())
