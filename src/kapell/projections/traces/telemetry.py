"""Events under the names that telemetry knows: decisions, tool calls, money, workflows."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.budget import (
    BudgetAlerted,
    BudgetExceeded,
    BudgetReserved,
    BudgetSettled,
    BudgetWarned,
)
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.guarding.approval import ApprovalAnswered, ApprovalExpired
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.model import ModelAnswered, ModelFailed, ModelRequested
from kapell.core.events.run import (
    RunCancelled,
    RunFailed,
    RunQueued,
    RunStarted,
    RunSucceeded,
    RunWaiting,
)
from kapell.core.events.tool import ToolFailed, ToolRequested, ToolReturned
from kapell.core.runs import paths
from kapell.kit.json import Json

Name: TypeAlias = Literal[
    "decision_made",
    "tool_invoked",
    "budget_event",
    "workflow_queued",
    "workflow_started",
    "workflow_waiting",
    "workflow_succeeded",
    "workflow_failed",
    "workflow_cancelled",
]

_WORKFLOW: dict[type, Name] = {
    RunQueued: "workflow_queued",
    RunStarted: "workflow_started",
    RunWaiting: "workflow_waiting",
    RunSucceeded: "workflow_succeeded",
    RunFailed: "workflow_failed",
    RunCancelled: "workflow_cancelled",
}


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One telemetry event; ``at`` in seconds since 1970, ``event_id`` that of the event it tells.

    It holds names, codes, counts and money, never what was said: prompts, arguments and results
    stay in the log.
    """

    name: Name
    at: float
    event_id: str
    tenant_id: str
    run_id: str
    correlation_id: str
    step: str = ""
    data: dict[str, Json] = {}


def telemetry(events: Iterable[Event]) -> Iterator[Signal]:
    """Yield what telemetry is told of a run, in order."""
    agents: dict[str, str] = {}
    tools: dict[str, ToolRequested] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelRequested) and not payload.judges:
            agents[payload.path] = payload.agent
        elif isinstance(payload, ToolRequested):
            tools[payload.call] = payload
        for name, path, data in _told(event, agents, tools):
            yield Signal(
                name=name,
                at=event.at,
                event_id=event.id,
                tenant_id=event.tenant_id,
                run_id=event.run_id,
                correlation_id=event.correlation_id,
                step=path,
                data=data,
            )


_Told: TypeAlias = Iterator[tuple[Name, str, dict[str, Json]]]


def _told(event: Event, agents: dict[str, str], tools: dict[str, ToolRequested]) -> _Told:
    payload = event.payload
    kind = _WORKFLOW.get(type(payload))
    if kind is not None:
        yield kind, "", _workflow(payload)
    elif isinstance(payload, ModelAnswered | ModelFailed):
        yield from _routed(payload)
        if isinstance(payload, ModelAnswered) and not payload.judges:
            yield from _chosen(payload, agents.get(payload.path, ""))
    elif isinstance(payload, ToolReturned | ToolFailed):
        yield "tool_invoked", payload.path, _invoked(payload, agents, tools)
    elif isinstance(payload, BudgetReserved | BudgetSettled):
        kind_of: Json = "reserved" if isinstance(payload, BudgetReserved) else "settled"
        data: dict[str, Json] = {"what": kind_of, "call": payload.call}
        data |= {"nano_usd": payload.usd, "tokens": payload.tokens}
        yield "budget_event", paths.of_call(payload.call), data
    elif isinstance(payload, BudgetExceeded):
        over: dict[str, Json] = {"what": "exceeded", "budget": payload.what}
        yield "budget_event", payload.scope, over | {"limit": payload.limit}
    elif isinstance(payload, BudgetWarned):
        near: dict[str, Json] = {"what": "warned", "budget": payload.what}
        yield "budget_event", payload.scope, near | {"limit": payload.limit}
    elif isinstance(payload, BudgetAlerted):
        alert: dict[str, Json] = {"what": "alerted", "budget": "usd", "reason": payload.reason}
        yield "budget_event", payload.whose, alert | {"limit": payload.limit}
    else:
        yield from _people(payload)


def _people(payload: Payload) -> _Told:
    """Yield what guards, policies and people decided, without their reasons' words."""
    if isinstance(payload, GuardVerdict):
        verdict = payload.verdict
        data: dict[str, Json] = {"by": "guard", "call": payload.call, "chosen": verdict.action}
        data |= {"place": verdict.place, "profile": verdict.profile}
        found: list[Json] = [
            {"family": one.family, "kind": one.kind, "count": one.count, "action": one.action}
            for one in verdict.reasons
        ]
        yield "decision_made", payload.path, data | {"found": found}
    elif isinstance(payload, PolicyVerdict):
        said = payload.judgement
        ruled: dict[str, Json] = {"by": "policy", "call": payload.call, "chosen": said.ruling}
        ruled |= {"about": said.about, "rule": said.rule, "version": said.version}
        yield "decision_made", payload.path, ruled
    elif isinstance(payload, BreakerTripped):
        held: dict[str, Json] = {"by": "breaker", "chosen": "held", "scope": payload.scope}
        yield "decision_made", payload.path, held | {"name": payload.name, "reason": payload.reason}
    elif isinstance(payload, ApprovalAnswered):
        chosen: Json = "approved" if payload.approved else "rejected"
        asked: dict[str, Json] = {"by": "person", "call": payload.call, "chosen": chosen}
        yield "decision_made", payload.path, asked | {"left": payload.left}
    elif isinstance(payload, ApprovalExpired):
        late: dict[str, Json] = {"by": "time", "call": payload.call, "chosen": payload.taken}
        yield "decision_made", payload.path, late


def _workflow(payload: object) -> dict[str, Json]:
    if isinstance(payload, RunQueued):
        return {"workflow": payload.workflow, "version": payload.version}
    if isinstance(payload, RunFailed):
        return {"code": payload.failure.code, "kind": payload.failure.kind.value}
    return {}


def _routed(payload: ModelAnswered | ModelFailed) -> _Told:
    """Yield what a route and its breakers decided: who was asked, or left alone, and why."""
    for one in payload.tries:
        if one.model != payload.model:  # else it was asked without a route: nobody chose it
            data: dict[str, Json] = {"by": "route", "route": payload.model}
            data |= {"chosen": one.deployment, "outcome": one.outcome}
            data |= {"code": one.code, "reason": one.reason}
            yield "decision_made", payload.path, data
        if one.turned is not None:
            told: dict[str, Json] = {"by": "breaker", "deployment": one.deployment}
            told |= {"chosen": one.turned.breaker, "reason": one.turned.reason}
            yield "decision_made", payload.path, told


def _chosen(payload: ModelAnswered, agent: str) -> _Told:
    """Yield what an agent decided: to act with its tools, or to answer."""
    if agent and not payload.problem:
        wanted: list[Json] = [ask.tool for ask in payload.asks]
        taken: Json = "act" if wanted else "answer"
        yield (
            "decision_made",
            payload.path,
            {"by": "agent", "agent": agent, "chosen": taken}
            | ({"tools": wanted} if wanted else {}),
        )


def _invoked(
    payload: ToolReturned | ToolFailed, agents: dict[str, str], tools: dict[str, ToolRequested]
) -> dict[str, Json]:
    asked = tools.get(payload.call)
    data: dict[str, Json] = {"tool": payload.tool, "call": payload.call}
    data |= {"seconds": payload.seconds, "agent": agents.get(payload.path, "")}
    data["repeatable"] = asked.repeatable if asked is not None else True
    if isinstance(payload, ToolReturned):
        return data | {"status": "returned", "trust": payload.trust, "files": len(payload.files)}
    status: Json = "unknown" if payload.unknown else "failed"
    return data | {
        "status": status,
        "code": payload.failure.code,
        "kind": payload.failure.kind.value,
    }
