"""The runs a worker holds: one task each, that ends when the run is free, lost or put aside."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from kapell.core.runs.inputs import Poisoned
from kapell.kit.errors import Bug, Failure, KapellError
from kapell.kit.ids import RunId
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.owner import RunOwner
from kapell.services.runs.ports import SUSPECT_AT, Claim, InboxMessage

log = logging.getLogger(__name__)

UNSEEN_AT = 10
"""Takeovers without getting on after which a run is put aside although nobody saw what ended its
owners: its own processes died together with the workers that watched them. Fewer would convict runs
that only met a fleet whose machines go down.
"""

REST = 5.0
"""Seconds after which a run whose owner met an error it can do nothing about is claimed anew."""


class Solitary(Protocol):
    """Advances a run in a process of its own."""

    async def advance(self, claim: Claim) -> Failure | None:
        """Return how the process died, None when it ended well."""
        ...


class Holding:
    """What a worker owns, and how each run of it is advanced.

    Args:
        desk: What the runs share.
        room: How many are held at most.
        solitary: How a run is advanced that may kill its process; None: it is put aside.
        changed: Called when there may be room or something due.
        failed: Called with a run that could not be advanced, once it is held no more.
    """

    def __init__(
        self,
        desk: Desk,
        room: int,
        solitary: Solitary | None,
        changed: Callable[[], None],
        failed: Callable[[RunId], None],
    ) -> None:
        self._desk = desk
        self._room = room
        self._solitary = solitary
        self._changed = changed
        self._failed = failed
        self._owners: dict[RunId, RunOwner] = {}
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._alone: dict[RunId, int] = {}
        self._rung: set[RunId] = set()
        self.failures: dict[RunId, Failure] = {}

    def __contains__(self, run: RunId) -> bool:
        return run in self._tasks

    @property
    def runs(self) -> Sequence[RunId]:
        """What is held, suspects among it."""
        return tuple(self._tasks)

    @property
    def free(self) -> int:
        """How many more may be taken."""
        return self._room - len(self._tasks)

    @property
    def suspects(self) -> int:
        """How many are advanced in processes of their own."""
        return len(self._alone)

    @property
    def loading(self) -> int:
        """How many were claimed and have not read their log yet."""
        loaded = sum(owner.loaded for owner in self._owners.values())
        return len(self._tasks) - len(self._alone) - loaded

    def owner(self, claim: Claim, poisoned: Poisoned | None = None, deaf: bool = False) -> RunOwner:
        """Return somebody who can advance a run."""
        return RunOwner(claim, self._desk, poisoned, self._changed, deaf)

    @property
    def epochs(self) -> Mapping[RunId, int]:
        """Under which epoch each run is held."""
        held = {run: owner.claim.epoch for run, owner in self._owners.items()}
        return held | self._alone

    def lose(self, runs: Collection[RunId], epochs: Mapping[RunId, int]) -> None:
        """Let go what was held under these epochs and is another worker's now."""
        for run in runs:
            owner = self._owners.get(run)
            if owner is not None and owner.claim.epoch == epochs.get(run):
                owner.give_up()

    def ring(self, runs: Collection[RunId]) -> Sequence[RunId]:
        """Remember which of these have to be looked at again when they are free; return them."""
        ours = [run for run in runs if run in self._owners]
        self._rung.update(ours)
        return ours

    def deliver(self, messages: Sequence[InboxMessage]) -> None:
        """Hand the inbox's messages to the owners they are for."""
        for run in {message.run_id for message in messages}:
            owner = self._owners.get(run)
            if owner is not None:
                owner.deliver([message for message in messages if message.run_id == run])

    async def drain(self, patience: float) -> None:
        """Wait ``patience`` seconds for what is in flight, then end it."""
        for owner in self._owners.values():
            owner.hurry()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        late = set(tasks)
        try:
            _, late = await asyncio.wait(tasks, timeout=patience)
        finally:
            # Who does not wait for the end must not leave calls behind: they would break when
            # the doors close, and their runs fail.
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def take(self, claim: Claim, born: RunOwner | None = None) -> None:
        """Advance a run from now on; ``born`` has begun it already."""
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
            full = self.free <= 0
            if self._tasks.get(claim.run_id) is asyncio.current_task():
                del self._tasks[claim.run_id]
            rung = claim.run_id in self._rung
            self._rung.discard(claim.run_id)
            # Else nothing new can be due, and looking would cost the store a claim for every run.
            if full or rung or owner is None or owner.wakes:
                self._changed()
            if claim.run_id in self.failures:
                self._failed(claim.run_id)

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
        failure = await self._driven(claim, born or self.owner(claim))
        if failure is None:
            self.failures.pop(claim.run_id, None)
        elif failure.retryable:
            self.failures[claim.run_id] = failure
            await self._give_back(claim)
        else:
            await self._put_aside(claim, failure)

    async def _driven(self, claim: Claim, owner: RunOwner) -> Failure | None:
        """Own a run until it is free again; return what the owner could not deal with."""
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
        poisoned = Poisoned(failure, claim.takeovers + 1)
        again = await self._driven(claim, self.owner(claim, poisoned))
        if again is not None and not again.retryable:
            # It may be a message that cannot be dealt with: with it the run could never rest.
            again = await self._driven(claim, self.owner(claim, poisoned, deaf=True))
        if again is not None:
            await self._give_back(claim)

    async def _give_back(self, claim: Claim) -> None:
        """Give a run back for a while. If that fails, the beat finds it held by nobody."""
        self._owners.pop(claim.run_id, None)
        with contextlib.suppress(KapellError):
            wake_at = self._desk.now() + REST
            await self._desk.log.release(
                self._desk.worker, claim.tenant_id, claim.run_id, claim.epoch, wake_at
            )

    async def _advance_alone(self, claim: Claim, solitary: Solitary) -> None:
        self._alone[claim.run_id] = claim.epoch
        try:
            failure = await solitary.advance(claim)
        finally:
            self._alone.pop(claim.run_id, None)
        if failure is not None:
            await self._put_aside(claim, failure)


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
