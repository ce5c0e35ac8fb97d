"""Reads in memory."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.pricing.habit import Habit, together
from kapell.core.runs import paths
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId, TenantId
from kapell.services.runs.ports import (
    AccuracyRow,
    ApprovalRow,
    CostRow,
    DeadLetterRow,
    InboxMessage,
    RunSummary,
)
from kapell.testing.stores.state import Call, Run, State, unknown

_GROUPS: Mapping[str, Callable[[Run, Call], str]] = {
    "provider": lambda run, call: call.model.partition(":")[0],
    "model": lambda run, call: call.model,
    "agent": lambda run, call: call.reserve.agent,
    "step": lambda run, call: call.reserve.step,
    "run": lambda run, call: run.new.run_id,
    "workflow": lambda run, call: run.new.workflow,
}


class MemoryReader:
    """Reads without ownership."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _of(self, tenant_id: TenantId, run_id: RunId | None = None) -> list[Run]:
        return [
            run
            for (tenant, one), run in sorted(self._state.runs.items())
            if tenant == tenant_id and run_id in {None, one}
        ]

    def _summary(self, run: Run) -> RunSummary:
        lease = 0.0 if run.owner is None else self._state.leases.get(run.owner, 0.0)
        return _summary(run, attended=lease > self._state.now())

    async def runs(
        self,
        tenant_id: TenantId,
        *,
        status: RunStatus | None = None,
        workflow: str | None = None,
        limit: int = 50,
        before: RunId | None = None,
    ) -> tuple[RunSummary, ...]:
        """Return runs, newest first."""
        found = [
            self._summary(run)
            for run in reversed(self._of(tenant_id))
            if status in {None, run.row.status}
            and workflow in {None, run.new.workflow}
            and (before is None or run.new.run_id < before)
        ]
        return tuple(found[:limit])

    async def children(self, tenant_id: TenantId, parent: RunId) -> tuple[RunSummary, ...]:
        """Return the runs that a run began."""
        found = (run for run in self._of(tenant_id) if run.new.parent_run == parent)
        return tuple(self._summary(run) for run in found)

    async def run(self, tenant_id: TenantId, ref: str) -> RunSummary:
        """Return one run by id, unique beginning or end of it, or ``last``."""
        ids = [run.new.run_id for run in self._of(tenant_id)]
        if ref == "last":
            found = [run.new.run_id for run in self._of(tenant_id) if not run.new.parent_run][-1:]
        else:
            found = [one for one in ids if one == ref]
            found = found or [one for one in ids if ref and one.startswith(ref)]
            found = found or [one for one in ids if ref and one.endswith(ref)]
        if not found:
            raise unknown(ref)
        if len(found) > 1:
            raise Invalid(
                f"{ref!r} stands for more than one run.",
                code="run_ambiguous",
                advice="Write more of its id.",
            )
        return self._summary(self._state.runs[tenant_id, found[0]])

    async def events(
        self, tenant_id: TenantId, run_id: RunId, after: int = 0, limit: int = 1000
    ) -> tuple[Event, ...]:
        """Return a run's events after a sequence number."""
        run = self._state.runs.get((tenant_id, run_id))
        return () if run is None else tuple(run.events[after : after + limit])

    async def approvals(
        self, tenant_id: TenantId, run_id: RunId | None = None, open_only: bool = True
    ) -> tuple[ApprovalRow, ...]:
        """Return approvals, oldest first."""
        found = [
            row
            for run in self._of(tenant_id, run_id)
            for row in run.approvals
            if row.answer is None or not open_only
        ]
        return tuple(sorted(found, key=lambda row: (row.at, row.run_id, paths.order(row.path))))

    async def told(
        self, tenant_id: TenantId, run_id: RunId, beginning: str
    ) -> tuple[InboxMessage, ...]:
        """Return what the run was told under keys that begin so, in order, read or not."""
        found = [one.message for run in self._of(tenant_id, run_id) for one in run.inbox.values()]
        mine = [one for one in found if one.key.startswith(beginning)]
        return tuple(sorted(mine, key=lambda one: one.number))

    async def dead_letters(
        self, tenant_id: TenantId, run_id: RunId | None = None
    ) -> tuple[DeadLetterRow, ...]:
        """Return open dead letters, oldest first."""
        found = [row for run in self._of(tenant_id, run_id) for row in run.dead]
        return tuple(sorted(found, key=lambda row: (row.at, row.run_id, paths.order(row.path))))

    async def costs(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[CostRow, ...]:
        """Return costs grouped, dearest first."""
        groups: dict[str, list[Call]] = {}
        for run in self._of(tenant_id, run_id):
            for call in run.ledger.values():
                used = call.usd or call.input_tokens or call.output_tokens
                counts = used or call.state != "settled"
                if counts and (since is None or call.reserve.at >= since):
                    groups.setdefault(_GROUPS[by](run, call), []).append(call)
        rows = [
            CostRow(
                group=group,
                calls=len(calls),
                usd=sum(call.usd for call in calls),
                reserved=sum(call.reserved for call in calls),
                input_tokens=sum(call.input_tokens for call in calls),
                output_tokens=sum(call.output_tokens for call in calls),
            )
            for group, calls in groups.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.usd, row.group)))

    async def accuracy(
        self,
        tenant_id: TenantId,
        by: Literal["provider", "model", "agent", "step", "run", "workflow"],
        run_id: RunId | None = None,
        since: float | None = None,
    ) -> tuple[AccuracyRow, ...]:
        """Return how well the costs of answered calls were predicted, dearest group first."""
        groups: dict[str, list[Call]] = {}
        for run in self._of(tenant_id, run_id):
            for call in _answered(run):
                if since is None or call.reserve.at >= since:
                    groups.setdefault(_GROUPS[by](run, call), []).append(call)
        found = [
            AccuracyRow(
                group=group,
                calls=len(calls),
                predicted=sum(call.reserve.forecast.usd for call in calls),
                usd=sum(call.usd for call in calls),
                missed=sum(abs(call.reserve.forecast.usd - call.usd) for call in calls),
            )
            for group, calls in groups.items()
        ]
        return tuple(sorted(found, key=lambda row: (-row.usd, row.group)))

    async def habits(self, tenant_id: TenantId) -> Mapping[str, tuple[Habit, ...]]:
        """Return by model what its last answered calls used, added up by agent and step."""
        sums: dict[tuple[str, str, str], Habit] = {}
        for run in self._of(tenant_id, None):
            for call in _answered(run):
                key = (call.reserve.model, call.reserve.agent, call.reserve.step)
                sums[key] = together([sums.get(key, Habit()), _habit(call)])
        made: dict[str, list[Habit]] = {}
        for (model, agent, step), habit in sorted(sums.items()):
            named = msgspec.structs.replace(habit, agent=agent, step=step)
            made.setdefault(model, []).append(named)
        return {model: tuple(habits) for model, habits in made.items()}

    async def feed(self, after: int, limit: int = 500) -> tuple[tuple[int, Event], ...]:
        """Return events of all runs after a global position, in order and without gaps."""
        return tuple(enumerate(self._state.log[after : after + limit], start=after + 1))

    async def cursor(self, subscriber: str) -> int:
        """Return the position a subscriber has reached (0 at first)."""
        return self._state.cursors.get(subscriber, 0)

    async def save_cursor(self, subscriber: str, position: int) -> None:
        """Remember the position a subscriber has reached."""
        self._state.cursors[subscriber] = position


def _summary(run: Run, *, attended: bool) -> RunSummary:
    new, row = run.new, run.row
    return RunSummary(
        tenant_id=new.tenant_id,
        run_id=new.run_id,
        workflow=new.workflow,
        version=new.version,
        status=row.status,
        seq=len(run.events),
        generation=row.generation,
        owner=run.owner,
        attended=attended,
        wake_at=run.wake_at,
        priority=new.priority,
        created_at=run.created_at,
        updated_at=run.updated_at,
        ended_at=row.ended_at,
        usd=row.usd,
        tokens=row.tokens,
        error_code=row.error_code,
        key=new.key,
        parent_run=new.parent_run,
        forked_from=new.forked_from,
        guards=new.guards,
    )


def _answered(run: Run) -> list[Call]:
    """Return the calls that were answered by a model, with what they sent known."""
    return [
        call for call in run.ledger.values() if call.state == "settled" and call.output_tokens > 0
    ]


def _habit(call: Call) -> Habit:
    size, read, made = float(call.reserve.size), float(call.input_tokens), float(call.output_tokens)
    if not size:
        return Habit()
    return Habit(
        calls=1,
        usd=float(call.usd),
        size=size,
        size_size=size * size,
        input=read,
        input_size=read * size,
        output=made,
        output_size=made * size,
        output_output=made * made,
    )
