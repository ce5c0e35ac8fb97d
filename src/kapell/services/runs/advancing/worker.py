"""A worker: claims runs, owns them while it beats, gives them back when it leaves."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Protocol

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.runs.inputs import Poisoned
from kapell.core.runs.state import FOLD, State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import Bug, Failure, KapellError
from kapell.kit.ids import RunId
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.owner import RunOwner
from kapell.services.runs.ports import SUSPECT_AT, Claim, Doorbell, NewRun, Started

log = logging.getLogger(__name__)

SWEEP = 1.0
"""Seconds after which a worker looks by itself, so that a lost ring costs no more than that."""

UNSEEN_AT = 10
"""Takeovers without getting on after which a run is put aside although nobody saw what ended its
owners: its own processes died together with the workers that watched them. Fewer would convict runs
that only met a fleet whose machines go down.
"""

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

REST = 5.0
"""Seconds after which a run whose owner met an error it can do nothing about is claimed anew."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker takes on.

    ``runs`` owned at once, ``caps`` per workflow over all workers, ``lease`` seconds its ownership
    lasts without a beat, ``drain`` seconds it waits for calls in flight when it leaves.
    """

    runs: int = 500
    caps: Mapping[str, int] = {}
    lease: float = 3.0
    drain: float = 10.0


class Solitary(Protocol):
    """Advances a run in a process of its own."""

    async def advance(self, claim: Claim) -> Failure | None:
        """Return how the process died, None when it ended well."""
        ...


class Worker:
    """Owns and advances runs.

    Args:
        desk: What its runs share.
        doorbell: Where it hears that something may be due.
        limits: What it takes on.
        solitary: How it advances a run that may kill its process; None: it puts such a run aside.
    """

    def __init__(
        self, desk: Desk, doorbell: Doorbell, limits: Limits, solitary: Solitary | None = None
    ) -> None:
        self.desk = desk
        self._doorbell = doorbell
        self._limits = limits
        self._solitary = solitary
        self._owners: dict[RunId, RunOwner] = {}
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._alone: dict[RunId, int] = {}
        self._news = asyncio.Event()
        self._rung: set[RunId] = set()
        self._watched: tuple[RunId, asyncio.Event] | None = None
        self._open = False
        self._behind = False
        self._beginning = 0
        self.failures: dict[RunId, Failure] = {}

    @property
    def owned(self) -> Sequence[RunId]:
        """Return the runs this worker holds now."""
        return tuple(self._tasks)

    @contextlib.contextmanager
    def watch(self, run: RunId, stop: asyncio.Event) -> Iterator[None]:
        """Set ``stop`` when a run has ended, waits for somebody, or could not be advanced."""

        def look(changed: RunId, events: Sequence[Event], state: State) -> None:
            del events
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
        failure = self.failures.get(run)
        if failure is not None:
            raise KapellError.from_failure(failure)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then drain and give everything back."""
        self.desk.draining = False
        await self._beat()
        helpers = [asyncio.create_task(self._beating()), asyncio.create_task(self._listening())]
        stopper = asyncio.create_task(self._stopping(stop))
        try:
            self._open = True
            await self._claiming(stop)
        finally:
            self._open = False
            try:
                await self._drain()
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
        taken = len(self._tasks) + self._beginning
        at_once = new.wake_at is None and new.workflow not in self._limits.caps
        return self._open and at_once and not self._behind and taken < self._limits.runs

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
        owner = RunOwner(claim, self.desk, None, self._news.set)
        self._beginning += 1
        try:
            ours = await _first_decision(owner, new)
            (started,) = await self.desk.starts.start([ours or new])
        finally:
            self._beginning -= 1
        if ours is not None and started.created:
            self._own(claim, owner)
        return started

    async def _stopping(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._news.set()

    async def _claiming(self, stop: asyncio.Event) -> None:
        swept, answered = monotonic() - SWEEP, monotonic()
        while not stop.is_set():
            self._news.clear()
            pause = SWEEP
            try:
                pause = await self._claim()
                answered = monotonic()
                if monotonic() - swept >= SWEEP:
                    swept = monotonic()
                    await self._collect(())
                    await self._claim_suspects()
            except KapellError as error:
                log.warning("the store does not answer: %s", error)
                self._tell_watcher(error, monotonic() - answered)
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()

    def _tell_watcher(self, error: KapellError, failing: float) -> None:
        """Give up a watched run that cannot even be claimed: nothing of it is in flight here."""
        if self._watched is None or (error.retryable and failing < HOPE):
            return
        run, stop = self._watched
        if run not in self._tasks:
            self.failures[run] = Failure.of(error)
            stop.set()

    async def _claim(self) -> float:
        """Claim what is due; return the seconds until it is worth looking again."""
        loaded = sum(owner.loaded for owner in self._owners.values())
        loading = len(self._tasks) - len(self._alone) - loaded
        free = min(self._limits.runs - len(self._tasks), LOADING - loading)
        self._behind = free <= 0
        if self._behind:
            return SWEEP
        found = await self.desk.log.claim(self.desk.worker, free, self._limits.caps, int(FOLD))
        self.desk.skew = found.now - self.desk.clock.now()
        for claim in found.claims:
            self._own(claim)
        self._behind = len(found.claims) >= free
        if self._behind:
            return 0.0
        if found.next_due is None:
            return SWEEP
        return min(SWEEP, max(found.next_due - found.now, 0.005))

    async def _claim_suspects(self) -> None:
        free = min(PROCESSES - len(self._alone), self._limits.runs - len(self._tasks))
        if free > 0:
            asked = (self.desk.worker, free, self._limits.caps, int(FOLD))
            for claim in (await self.desk.log.claim(*asked, suspects=True)).claims:
                self._own(claim)

    def _own(self, claim: Claim, born: RunOwner | None = None) -> None:
        former = self._tasks.get(claim.run_id)
        self._tasks[claim.run_id] = asyncio.create_task(self._advance(claim, born, former))

    async def _advance(
        self, claim: Claim, born: RunOwner | None, former: asyncio.Task[None] | None
    ) -> None:
        try:
            if former is not None:
                # We lost the run while we were frozen or cut off, and have it again before the
                # owner of then knows. Two side by side would take each other's messages.
                await self._end_former(claim.run_id, former)
            if SUSPECT_AT <= claim.takeovers < UNSEEN_AT and self._solitary is not None:
                await self._advance_alone(claim, self._solitary)
            else:
                await self._drive(claim, born)
        finally:
            owner = self._owners.pop(claim.run_id, None)
            full = len(self._tasks) >= self._limits.runs
            if self._tasks.get(claim.run_id) is asyncio.current_task():
                del self._tasks[claim.run_id]
            rung = claim.run_id in self._rung
            self._rung.discard(claim.run_id)
            # Else nothing new can be due, and looking would cost the store a claim for every run.
            if full or rung or owner is None or owner.wakes:
                self._news.set()
            if self._watched and claim.run_id in self.failures:
                run, stop = self._watched
                if run == claim.run_id:
                    stop.set()

    async def _end_former(self, run: RunId, former: asyncio.Task[None]) -> None:
        owner = self._owners.get(run)
        if owner is not None:
            owner.give_up()
        try:
            await asyncio.wait([former])
        finally:
            former.cancel()

    async def _drive(self, claim: Claim, born: RunOwner | None) -> None:
        if claim.takeovers >= UNSEEN_AT:
            await self._put_aside(claim, self.failures.get(claim.run_id) or _unknown())
            return
        failure = await self._driven(claim, born=born)
        if failure is None:
            self.failures.pop(claim.run_id, None)
        elif failure.retryable:
            self.failures[claim.run_id] = failure
            await self._give_back(claim)
        else:
            await self._put_aside(claim, failure)

    async def _driven(
        self, claim: Claim, poisoned: Poisoned | None = None, born: RunOwner | None = None
    ) -> Failure | None:
        """Own a run until it is free again; return what the owner could not deal with."""
        owner = born or RunOwner(claim, self.desk, poisoned, self._news.set)
        self._owners[claim.run_id] = owner
        try:
            await owner.drive()
        except KapellError as error:
            log.error("run %s could not be advanced: %s", claim.run_id, error)
            return Failure.of(error)
        except Exception as error:
            log.exception("run %s broke its owner", claim.run_id)
            return _broken(error)
        return None

    async def _put_aside(self, claim: Claim, failure: Failure) -> None:
        """Let a run that breaks its owners or their processes wait for a person, with the cause."""
        self.failures[claim.run_id] = failure
        if await self._driven(claim, Poisoned(failure, claim.takeovers + 1)) is not None:
            await self._give_back(claim)

    async def _give_back(self, claim: Claim) -> None:
        """Give a run back for a while. If that fails, the beat finds it held by nobody."""
        self._owners.pop(claim.run_id, None)
        with contextlib.suppress(KapellError):
            wake_at = self.desk.now() + REST
            await self.desk.log.release(
                self.desk.worker, claim.tenant_id, claim.run_id, claim.epoch, wake_at
            )

    async def _advance_alone(self, claim: Claim, solitary: Solitary) -> None:
        self._alone[claim.run_id] = claim.epoch
        try:
            failure = await solitary.advance(claim)
        finally:
            self._alone.pop(claim.run_id, None)
        if failure is not None:
            await self._put_aside(claim, failure)

    async def _listening(self) -> None:
        async for rung in self._doorbell.listen():
            ours = [run for run in rung if run in self._owners]
            if len(ours) < len(rung) or not rung:
                self._news.set()
            if ours:
                self._rung.update(ours)
                with contextlib.suppress(KapellError):
                    await self._collect(ours)

    async def _collect(self, runs: Sequence[RunId]) -> None:
        """Hand the inbox's messages to the owners they are for."""
        if not self._owners:
            return
        messages = await self.desk.log.inbox(self.desk.worker, runs)
        for run_id in {message.run_id for message in messages}:
            owner = self._owners.get(run_id)
            if owner is not None:
                owner.deliver([m for m in messages if m.run_id == run_id])

    async def _beating(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease / 3)
            with contextlib.suppress(KapellError):
                await self._beat()

    async def _beat(self) -> None:
        """Renew the lease; drop what is not ours any more."""
        held = {run_id: owner.claim.epoch for run_id, owner in self._owners.items()}
        held.update(self._alone)
        beat = await self.desk.log.beat(self.desk.worker, held, self._limits.lease)
        for run_id in beat.lost:
            owner = self._owners.get(run_id)
            if owner is not None and owner.claim.epoch == held.get(run_id):
                owner.give_up()

    async def _drain(self) -> None:
        """Record what is in flight, begin nothing, give every run back."""
        self.desk.draining = True
        for owner in self._owners.values():
            owner.hurry()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        late = set(tasks)
        try:
            _, late = await asyncio.wait(tasks, timeout=self._limits.drain)
        finally:
            # Who does not wait for the end must not leave calls behind: they would break when
            # the doors close, and their runs fail.
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


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


def _unknown() -> Failure:
    return Failure.of(
        Bug(
            "Advancing the run ended its worker several times, and nobody saw how.",
            code="run_poison",
            advice="Look at the workers' logs and memory, then retry or cancel the run.",
        )
    )


def _broken(error: Exception) -> Failure:
    return Failure.of(
        Bug(
            f"Advancing the run broke ({type(error).__name__}).",
            code="run_poison",
            advice="Export the run and report it; then retry or cancel it.",
        )
    )
