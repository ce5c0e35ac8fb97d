"""Runs, events and decisions as short as a test wants to write them."""

import os
import time
from collections.abc import Mapping, Sequence
from itertools import count

from kapell.adapters.db import Store
from kapell.core.events.codec import VERSION, type_of
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.run import RunQueued, RunStarted
from kapell.core.events.value import NOTHING
from kapell.core.runs.commands import Command, Signal
from kapell.core.runs.rows import RowChange, RunRow
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import EventId, RunId, TenantId, VersionHash, WorkerId
from kapell.kit.json import Digest
from kapell.services.runs.ports import Append, Claim, Message, NewRun

T = TenantId("acme")
ANN, BOB = WorkerId("ann"), WorkerId("bob")
V = VersionHash("v1")
QUEUED = RunRow(status=RunStatus.QUEUED, generation=1, wake_at=None, ended_at=None)
RUNNING = RunRow(status=RunStatus.RUNNING, generation=1, wake_at=None, ended_at=None)
ENDED = RunRow(status=RunStatus.SUCCEEDED, generation=1, wake_at=None, ended_at=1.5)
_numbers = count(1)


def event(run: str, seq: int, payload: Payload | None = None, tenant: TenantId = T) -> Event:
    """Return an event of the run with an id of its own."""
    payload = payload or RunStarted()
    return Event(
        id=EventId(f"e{os.getpid()}.{next(_numbers)}"),
        run_id=RunId(run),
        seq=seq,
        type=type_of(payload),
        version=VERSION,
        at=time.time(),
        tenant_id=tenant,
        correlation_id=run,
        causation_id="",
        actor="worker:ann",
        payload=payload,
    )


def new(
    run: str,
    *,
    tenant: TenantId = T,
    workflow: str = "review",
    key: str = "",
    fingerprint: str = "",
    priority: int = 0,
    wake_at: float | None = None,
    row: RunRow = QUEUED,
    artifacts: Mapping[Digest, bytes] | None = None,
    owner: WorkerId | None = None,
) -> NewRun:
    """Return a run to begin."""
    first = RunQueued(workflow=workflow, version=V, inputs=NOTHING, key=key)
    return NewRun(
        tenant_id=tenant,
        run_id=RunId(run),
        workflow=workflow,
        version=V,
        events=(event(run, 1, first, tenant),),
        artifacts=artifacts or {},
        row=row,
        key=key,
        fingerprint=fingerprint,
        priority=priority,
        wake_at=wake_at,
        owner=owner,
    )


def decision(
    claim: Claim,
    *payloads: Payload,
    worker: WorkerId = ANN,
    seq: int | None = None,
    row: RunRow = RUNNING,
    changes: Sequence[RowChange] = (),
    consumed: Sequence[int] = (),
    starts: Sequence[NewRun] = (),
    messages: Sequence[Message] = (),
    artifacts: Mapping[Digest, bytes] | None = None,
    release: bool = False,
    claims: int = 0,
) -> Append:
    """Return a decision of the run's owner, of one event unless others are given."""
    expected = claim.seq if seq is None else seq
    return Append(
        tenant_id=claim.tenant_id,
        run_id=claim.run_id,
        worker=worker,
        epoch=claim.epoch,
        expected_seq=expected,
        events=tuple(
            event(claim.run_id, expected + place, payload, claim.tenant_id)
            for place, payload in enumerate(payloads or (RunStarted(),), start=1)
        ),
        row=row,
        changes=tuple(changes),
        consumed=tuple(consumed),
        starts=tuple(starts),
        messages=tuple(messages),
        artifacts=artifacts or {},
        release=release,
        claims=claims,
    )


def message(run: str, key: str, command: Command | None = None, tenant: TenantId = T) -> Message:
    """Return a command for a run."""
    return Message(
        tenant_id=tenant,
        run_id=RunId(run),
        key=key,
        command=command or Signal("go"),
        actor="user:eve",
    )


async def owned(store: Store, *runs: str, worker: WorkerId = ANN) -> list[Claim]:
    """Start runs and claim them, in the order given."""
    await store.starts.start([new(run) for run in runs])
    claimed = await store.log.claim(worker, len(runs), {}, VERSION)
    claims = {claim.run_id: claim for claim in claimed.claims}
    return [claims[RunId(run)] for run in runs]


async def claimed(
    store: Store,
    limit: int = 10,
    *,
    worker: WorkerId = ANN,
    caps: Mapping[str, int] | None = None,
) -> list[str]:
    """Claim and return the ids, in the order of the answer."""
    found = await store.log.claim(worker, limit, caps or {}, VERSION)
    return [claim.run_id for claim in found.claims]


async def taken_over(store: Store, claim: Claim, *, suspects: bool = False) -> Claim:
    """Let a run's owner, ann, die; return ann's claim of it when it has come back."""
    await store.log.beat(ANN, {claim.run_id: claim.epoch}, -1.0)
    await store.log.beat(BOB, {}, 60.0)
    (again,) = (await store.log.claim(ANN, 1, {}, VERSION, suspects)).claims
    return again
