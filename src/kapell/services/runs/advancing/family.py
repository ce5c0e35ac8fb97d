"""Parents and children: beginning a child run, telling a parent how it ended."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from kapell.core.events.budget import BudgetSettled
from kapell.core.events.envelope import Payload
from kapell.core.events.run import (
    Origin,
    RunCancelled,
    RunCancelling,
    RunFailed,
    RunQueued,
    RunSucceeded,
)
from kapell.core.events.signal import ChildEnded, ChildSettled
from kapell.core.events.value import ArtifactRef, unpack
from kapell.core.guardrails.labels import label_of
from kapell.core.limits.breaker import Breaker, less
from kapell.core.pricing.budget import Budget
from kapell.core.runs.changes import row_of
from kapell.core.runs.commands import Cancel, ChildOutcome
from kapell.core.runs.decide import ChildStart
from kapell.core.runs.fold import begin
from kapell.core.runs.fold.guards import inherited
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.core.workflows.version import version_hash
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.json import Digest, Json
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.envelopes import enveloped
from kapell.services.runs.ports import Message, NewRun

__all__ = ["NewRun", "child_run", "messages"]

_ENDS = (RunSucceeded, RunFailed, RunCancelled)
_CORRECTIONS = (BudgetSettled, ChildSettled)
_HEARD = frozenset((RunCancelling, ChildEnded, *_ENDS, *_CORRECTIONS))
_OUTCOMES: Mapping[RunStatus, Literal["succeeded", "failed", "cancelled"]] = {
    RunStatus.SUCCEEDED: "succeeded",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "cancelled",
}


async def child_run(desk: Desk, program: Program, parent: State, child: ChildStart) -> NewRun:
    """Return the run a step begins for itself, to be stored with the fact that it began."""
    version = version_hash(child.version)
    await desk.versions.save(parent.tenant_id, version, child.version)
    budget = None
    if child.usd is not None or child.tokens is not None:
        budget = Budget(usd=child.usd, tokens=child.tokens)
    request = RunQueued(
        workflow=child.version.name,
        version=version,
        inputs=child.inputs,
        origin=Origin("child", parent.run_id, path=child.path),
        model=parent.request.model,
        budget=budget,
        priority=parent.request.priority,
        workspace=parent.request.workspace,
        guards=inherited(program, parent, child.path, child.version),
        breaker=_left(parent),
        labels=child.labels,
        label=child.label,
        subject=parent.subject,
    )
    now = desk.now()
    events = enveloped(
        [request],
        tenant_id=parent.tenant_id,
        run_id=child.run_id,
        after=0,
        at=now,
        correlation_id=parent.correlation_id,
        causation_id=f"{parent.run_id}:{child.path}",
        actor=f"worker:{desk.worker}",
        nonce=child.run_id,
    )
    return NewRun(
        tenant_id=parent.tenant_id,
        run_id=child.run_id,
        workflow=child.version.name,
        version=version,
        events=events,
        artifacts={},
        row=row_of(begin(events[0]), None),
        key=f"child:{child.run_id}",
        fingerprint=version,
        priority=parent.request.priority,
        parent_run=parent.run_id,
        parent_path=child.path,
    )


def _left(parent: State) -> Breaker | None:
    """Return a run's breaker as what it begins has it: with what is left of calls and runs."""
    own = parent.request.breaker
    if own is None:
        return None
    _, calls, runs = parent.breaking.base
    return msgspec.structs.replace(
        own,
        calls=less(own.calls, parent.breaking.calls - calls),
        runs=less(own.runs, parent.breaking.runs - runs),
    )


def messages(
    state: State, events: Sequence[Payload], values: Mapping[Digest, Json]
) -> tuple[Message, ...]:
    """Return what other runs must be told with these events."""
    if _HEARD.isdisjoint(map(type, events)):
        return ()
    told: list[Message] = []
    for event in events:
        if isinstance(event, RunCancelling):
            told.extend(
                _cancel(state, child.run_id, state.reason) for child in state.children.values()
            )
        elif isinstance(event, ChildEnded) and event.status == "cancelled" and event.failure:
            told.append(_cancel(state, event.run_id, event.failure.message))
        elif state.request.origin.kind == "child" and isinstance(event, _ENDS):
            told.append(_outcome(state, event, values))
    if state.request.origin.kind == "child" and state.status in TERMINAL:
        ends = any(isinstance(event, _ENDS) for event in events)
        if not ends and any(isinstance(event, _CORRECTIONS) for event in events):
            told.append(_spent(state))
    return tuple(told)


def _cancel(state: State, child: str, reason: str) -> Message:
    return Message(
        tenant_id=state.tenant_id,
        run_id=RunId(child),
        key=f"parent:{state.run_id}:cancel",
        command=Cancel(reason),
        actor=f"run:{state.run_id}",
    )


def _outcome(
    state: State, event: RunSucceeded | RunFailed | RunCancelled, values: Mapping[Digest, Json]
) -> Message:
    origin = state.request.origin
    output: Json = None
    failure: Failure | None = None
    outcome: Literal["succeeded", "failed", "cancelled"] = "cancelled"
    if isinstance(event, RunSucceeded):
        large = isinstance(event.output, ArtifactRef) and event.output.digest not in values
        output = None if large else unpack(event.output, values)
        outcome = "succeeded"
    elif isinstance(event, RunFailed):
        failure = event.failure
        outcome = "failed"
    command = ChildOutcome(state.run_id, origin.path, outcome, output, failure)
    return _to_parent(state, f"{state.generation}", command)


def _spent(state: State) -> Message:
    """Return what a run tells its parent that learnt after its end what it has spent."""
    command = ChildOutcome(state.run_id, state.request.origin.path, _OUTCOMES[state.status])
    return _to_parent(state, f"{state.generation}:{state.seq}", command)


def _to_parent(state: State, key: str, command: ChildOutcome) -> Message:
    return Message(
        tenant_id=state.tenant_id,
        run_id=RunId(state.request.origin.run_id),
        key=f"child:{state.run_id}:{key}",
        command=msgspec.structs.replace(
            command,
            usd=state.usd,
            tokens=state.tokens,
            owing=bool(state.late or state.late_children),
            label=label_of(state.label),
            calls=state.breaking.calls,
            runs=state.breaking.runs,
        ),
        actor=f"run:{state.run_id}",
    )
