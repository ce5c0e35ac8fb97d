"""The run log in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence

from kapell.kit.ids import RunId, TenantId, WorkerId
from kapell.services.runs.ports import (
    SUSPECT_AT,
    Append,
    Appended,
    Beat,
    Claim,
    Claimed,
    History,
    InboxMessage,
    RunLost,
    Snapshot,
)
from kapell.testing.stores.bell import MemoryDoorbell
from kapell.testing.stores.state import Run, State, change_rows, check_events, check_row

_AGEING = 10.0
_FAR = 600.0
_FIRST_LEASE = 10.0


class MemoryLog:
    """Appends and ownership."""

    def __init__(self, state: State, doorbell: MemoryDoorbell) -> None:
        self._state = state
        self._doorbell = doorbell

    async def append(self, append: Append) -> Appended:
        """Store one decision."""
        check_events(append.tenant_id, append.run_id, append.expected_seq, append.events)
        check_row(append.row)
        run = self._state.runs.get((append.tenant_id, append.run_id))
        fence = (append.worker, append.epoch, append.expected_seq)
        if run is None or (run.owner, run.epoch, len(run.events)) != fence:
            raise RunLost
        for message in append.messages:
            self._state.found(message.tenant_id, message.run_id)
        _, born = self._state.find_starts(append.starts)
        appended = self._store(run, append)
        self._state.bear(born)
        for message in append.messages:
            self._state.send(message)
        self._state.log += append.events
        if append.starts or append.messages:
            await self._doorbell.ring(
                [new.run_id for new in append.starts] + [one.run_id for one in append.messages]
            )
        return appended

    def _store(self, run: Run, append: Append) -> Appended:
        for letter in run.inbox.values():
            if letter.message.number in append.consumed:
                letter.is_open = False
        run.events += append.events
        run.row, run.claims, run.updated_at = append.row, append.claims, self._state.now()
        ended = append.row.ended_at is not None
        run.wake_at = None if ended else append.row.wake_at
        self._state.keep(append.tenant_id, append.artifacts)
        change_rows(run, append.changes)
        released = (append.release or ended) and not run.open_letters()
        if released:
            run.owner = None
        return Appended(len(run.events), released)

    async def claim(
        self,
        worker: WorkerId,
        limit: int,
        caps: Mapping[str, int],
        fold_format: int,
        suspects: bool = False,
    ) -> Claimed:
        """Own up to ``limit`` due runs."""
        now = self._state.now()
        if self._state.leases.get(worker, 0.0) < now:
            self._state.leases[worker] = now + _FIRST_LEASE
        owned = Counter(run.new.workflow for run in self._state.runs.values() if run.owner)
        turns: Counter[TenantId] = Counter()
        queue: list[tuple[int, float, RunId, Run]] = []
        for rank, run in sorted(
            ((_rank(run), run) for run in self._free(fold_format, suspects) if _wake(run) <= now),
            key=lambda one: (one[0], one[1].new.run_id),
        ):
            turns[run.new.tenant_id] += 1
            queue.append((turns[run.new.tenant_id], rank, run.new.run_id, run))
        chosen: list[Run] = []
        for _, _, _, run in sorted(queue, key=lambda one: one[:3]):
            flow = run.new.workflow
            if len(chosen) < limit and owned[flow] < caps.get(flow, owned[flow] + 1):
                owned[flow] += 1
                chosen.append(run)
        chosen.sort(key=lambda run: (_rank(run), run.new.run_id))
        claims = tuple(_own(run, worker, now) for run in chosen)
        due = min((_wake(run) for run in self._free(fold_format, suspects)), default=None)
        return Claimed(claims, now, due)

    def _free(self, fold_format: int, suspects: bool) -> list[Run]:
        return [
            run
            for run in self._state.runs.values()
            if run.owner is None
            and run.wake_at is not None
            and run.log_format <= fold_format
            and (run.claims >= SUSPECT_AT) is suspects
        ]

    async def release(
        self,
        worker: WorkerId,
        tenant_id: TenantId,
        run_id: RunId,
        epoch: int,
        wake_at: float | None,
    ) -> bool:
        """Give a run back; False (and still owned) when its inbox holds something."""
        run = self._state.runs.get((tenant_id, run_id))
        if run is None or (run.owner, run.epoch) != (worker, epoch):
            return True
        if run.open_letters():
            return False
        run.free(wake_at)
        return True

    async def beat(self, worker: WorkerId, held: Mapping[RunId, int], lease: float) -> Beat:
        """Renew the lease, compare, free what is surplus or of dead workers."""
        now = self._state.now()
        self._state.leases[worker] = now + lease
        mine = [run for run in self._state.runs.values() if run.owner == worker]
        epochs = {run.new.run_id: run.epoch for run in mine}
        lost = frozenset(run_id for run_id, epoch in held.items() if epochs.get(run_id) != epoch)
        freed = False
        for run in mine:
            if held.get(run.new.run_id) != run.epoch and run.claimed_at <= now - lease:
                run.owner, run.wake_at, run.claims = None, now, max(run.claims - 1, 0)
                freed = True
        for run in self._state.runs.values():
            ends = self._state.leases.get(run.owner, 0.0) if run.owner is not None else now
            if run.owner is not None and not now < ends <= now + max(_FAR, 10 * lease):
                run.owner, run.wake_at = None, now
                freed = True
        if freed:
            await self._doorbell.ring(())
        return Beat(lost, now)

    async def leave(self, worker: WorkerId) -> None:
        """Give everything back and forget the worker."""
        self._state.leases.pop(worker, None)
        for run in self._state.runs.values():
            if run.owner == worker:
                run.free(self._state.now())
        await self._doorbell.ring(())

    async def inbox(self, worker: WorkerId, runs: Sequence[RunId]) -> tuple[InboxMessage, ...]:
        """Return unconsumed messages of these runs, or of all the worker owns."""
        found = [
            message
            for run in self._state.runs.values()
            if run.owner == worker and (not runs or run.new.run_id in runs)
            for message in run.open_letters()
        ]
        return tuple(sorted(found, key=lambda message: message.number))

    async def load(self, tenant_id: TenantId, run_id: RunId, fold: str) -> History:
        """Return the snapshot that fits, and the events after it."""
        run = self._state.runs.get((tenant_id, run_id))
        if run is None:
            return History(None, ())
        snapshot = run.snapshots.get(fold)
        return History(snapshot, tuple(run.events[snapshot.seq if snapshot else 0 :]))

    async def save_snapshot(self, tenant_id: TenantId, run_id: RunId, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of older ones."""
        run = self._state.found(tenant_id, run_id)
        old = run.snapshots.get(snapshot.fold)
        if old is None or old.seq < snapshot.seq:
            run.snapshots[snapshot.fold] = snapshot


def _wake(run: Run) -> float:
    return float("inf") if run.wake_at is None else run.wake_at


def _rank(run: Run) -> float:
    return _wake(run) - _AGEING * run.new.priority


def _own(run: Run, worker: WorkerId, now: float) -> Claim:
    run.owner, run.claimed_at = worker, now
    run.epoch += 1
    run.claims += 1
    return Claim(
        tenant_id=run.new.tenant_id,
        run_id=run.new.run_id,
        workflow=run.new.workflow,
        version=run.new.version,
        epoch=run.epoch,
        seq=len(run.events),
        takeovers=run.claims - 1,
        status=run.row.status,
    )
