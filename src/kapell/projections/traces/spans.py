"""A run as a trace: spans with the attributes of OpenTelemetry's conventions for generative AI.

Ids follow from the run and the paths, so the same log always gives the same trace, and every run
has one without anything having been collected while it went.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from kapell.core.audit.hiding import hidden
from kapell.core.events.envelope import Event
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelHeld,
    ModelRequested,
)
from kapell.core.events.run import RunCancelled, RunFailed, RunMerged, RunQueued, RunSucceeded
from kapell.core.events.step import (
    StepDead,
    StepFailed,
    StepRetryScheduled,
    StepSkipped,
    StepStarted,
    StepSucceeded,
)
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested, ToolReturned
from kapell.core.runs import paths
from kapell.kit.errors import Failure
from kapell.kit.json import Json, digest
from kapell.kit.money import usd

_PROVIDERS = {"google": "gcp.gemini", "azure": "azure.ai.openai"}
"""Providers whose name in the conventions is not our prefix."""

_SIGNS = ".:@!#"
"""What parts a step run's path from the branch, case, pass, handler or attempt it names."""

Outcome = Literal["unset", "ok", "error"]
Attribute = str | int | float | bool


class Span(msgspec.Struct, kw_only=True):
    """One timed part of a run; ``ended_at`` None while it goes on."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: Literal["internal", "client"] = "internal"
    started_at: float
    ended_at: float | None = None
    outcome: Outcome = "unset"
    message: str = ""
    attributes: dict[str, Attribute] = {}


class TraceView(msgspec.Struct, kw_only=True):
    """All spans of a run by what they stand for: ``""`` the run, paths, attempts, calls."""

    run_id: str = ""
    trace_id: str = ""
    spans: dict[str, Span] = {}
    open_attempts: dict[str, str] = {}


def trace(events: Iterable[Event]) -> TraceView:
    """Return the trace of a whole log."""
    view = TraceView()
    for event in events:
        fold(view, event)
    return view


def fold(view: TraceView, event: Event) -> TraceView:
    """Return the view after an event; the view that is given is changed."""
    payload, at = event.payload, event.at
    match payload:
        case RunQueued():
            view.run_id = event.run_id
            view.trace_id = digest(event.correlation_id.encode())[:32]
            root = _open(view, paths.ROOT, f"run {payload.workflow}", at, None)
            root.attributes |= {
                "gen_ai.operation.name": "invoke_workflow",
                "kapell.run.id": event.run_id,
                "kapell.workflow.name": payload.workflow,
                "kapell.workflow.version": payload.version,
                "kapell.tenant.id": event.tenant_id,
            }
        case RunSucceeded() | RunMerged():
            _close_all(view, at, "ok", None)
        case RunFailed():
            _close_all(view, at, "error", payload.failure)
        case RunCancelled():
            _close_all(view, at, "error", None)
        case StepStarted():
            _step_started(view, payload, at)
        case StepSucceeded() | StepSkipped():
            _close_attempt(view, payload.path, at, "ok", None)
        case StepFailed() | StepDead() | StepRetryScheduled():
            _close_attempt(view, payload.path, at, "error", payload.failure)
        case _:
            _of_call(view, event)
    return view


def _of_call(view: TraceView, event: Event) -> None:
    payload, at = event.payload, event.at
    match payload:
        case ModelRequested():
            provider, _, model = payload.model.partition(":")
            span = _open(view, payload.call, f"chat {model or provider}", at, payload.path)
            span.kind = "client"
            span.attributes |= {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
                "gen_ai.request.model": model or provider,
                "gen_ai.request.max_tokens": payload.max_output,
            }
            if payload.agent:
                span.attributes["gen_ai.agent.name"] = payload.agent
        case ModelAnswered():
            _, _, model = payload.model.partition(":")
            usage = payload.usage
            said: dict[str, Attribute] = {
                "gen_ai.response.model": model or payload.model,
                "gen_ai.usage.input_tokens": usage.input_tokens,
                "gen_ai.usage.output_tokens": usage.output_tokens,
                "kapell.cost.usd": usd(payload.cost),
                "kapell.model.offline": payload.offline,
            }
            if usage.cached_input_tokens:
                said["gen_ai.usage.cache_read.input_tokens"] = usage.cached_input_tokens
            _close(view, payload.call, at, "ok", None, said)
        case ModelAbandoned():
            _close(view, payload.call, at, "error", None, {"kapell.cost.usd": usd(payload.cost)})
        case ModelHeld() | ToolHeld():
            _close(view, payload.call, at, "ok", None, {"kapell.held": True})
        case ModelFailed() | ToolFailed():
            _close(view, payload.call, at, "error", payload.failure, {})
        case ToolRequested():
            span = _open(view, payload.call, f"execute_tool {payload.tool}", at, payload.path)
            span.attributes |= {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": payload.tool,
                "gen_ai.tool.call.id": payload.key,
                "gen_ai.tool.type": "function",
            }
        case ToolReturned():
            _close(view, payload.call, at, "ok", None, {"kapell.files.changed": len(payload.files)})
        case _:
            pass


def _step_started(view: TraceView, payload: StepStarted, at: float) -> None:
    key = paths.attempt(payload.path, payload.attempt)
    if payload.number > 1 and key in view.spans:
        # The next pass of a loop goes on within the loop's span.
        return
    span = _open(view, key, f"step {key}", at, _above(view, payload.path))
    span.attributes |= {"kapell.step.path": payload.path, "kapell.step.attempt": payload.attempt}
    if payload.items is not None:
        span.attributes["kapell.step.items"] = payload.total
    view.open_attempts[payload.path] = key


def _above(view: TraceView, path: str) -> str | None:
    """Return the step run that holds this one: its ``for_each``, block, branch, case or pass."""
    while path:
        if path.endswith("]"):
            path = path.rpartition("[")[0]
        elif "/" in path:
            path = path.rpartition("/")[0]
        else:
            cut = max(path.rfind(sign) for sign in _SIGNS)
            path = path[:cut] if cut > 0 else ""
        for known in (path, _bare(path)):
            if known in view.open_attempts:
                return known
    return None


def _bare(path: str) -> str:
    """Return a path without the attempt, branch, case, pass or handler its last part names."""
    head, slash, last = path.rpartition("/")
    cut = min((place for place in (last.find(sign) for sign in _SIGNS) if place > 0), default=None)
    return f"{head}{slash}{last[:cut]}"


def _open(view: TraceView, key: str, name: str, at: float, above: str | None) -> Span:
    parent = "" if above is None else view.open_attempts.get(above, "")
    span = Span(
        trace_id=view.trace_id,
        span_id=_span_id(view, key),
        parent_id="" if key == paths.ROOT else _span_id(view, parent),
        name=name,
        started_at=at,
    )
    view.spans[key] = span
    return span


def _span_id(view: TraceView, key: str) -> str:
    return digest(f"{view.run_id}\n{key}".encode())[:16]


def _close_attempt(
    view: TraceView, path: str, at: float, outcome: Outcome, failure: Failure | None
) -> None:
    key = view.open_attempts.pop(path, None)
    if key is not None:
        _close(view, key, at, outcome, failure, {})


def _close(
    view: TraceView,
    key: str,
    at: float,
    outcome: Outcome,
    failure: Failure | None,
    attributes: Mapping[str, Attribute],
) -> None:
    span = view.spans.get(key)
    if span is None or span.ended_at is not None:
        return
    span.ended_at, span.outcome = at, outcome
    span.attributes |= attributes
    if failure is not None:
        span.message = hidden(failure.message)
        span.attributes["error.type"] = failure.code


def _close_all(view: TraceView, at: float, outcome: Outcome, failure: Failure | None) -> None:
    root = view.spans.get(paths.ROOT)
    if root is not None:
        # A run that is mended ends a second time.
        root.ended_at = None
    for key, span in view.spans.items():
        if span.ended_at is None and key != paths.ROOT:
            _close(view, key, at, "error" if outcome == "error" else "ok", None, {})
    _close(view, paths.ROOT, at, outcome, failure, {})
    view.open_attempts.clear()


def otlp(view: TraceView, service: str = "kapell") -> dict[str, Json]:
    """Return the trace as OTLP JSON, which collectors and trace viewers read.

    Spans that go on are left out: the format has no place for them.
    """
    spans = [_otlp_span(span) for span in view.spans.values() if span.ended_at is not None]
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _otlp_attributes({"service.name": service})},
                "scopeSpans": [{"scope": {"name": "kapell"}, "spans": spans}],
            }
        ]
    }


def _otlp_span(span: Span) -> dict[str, Json]:
    status: dict[str, Json] = {"code": {"unset": 0, "ok": 1, "error": 2}[span.outcome]}
    if span.message:
        status["message"] = span.message
    found: dict[str, Json] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": 3 if span.kind == "client" else 1,
        "startTimeUnixNano": str(_nanoseconds(span.started_at)),
        "endTimeUnixNano": str(_nanoseconds(span.ended_at or span.started_at)),
        "attributes": _otlp_attributes(span.attributes),
        "status": status,
    }
    if span.parent_id:
        found["parentSpanId"] = span.parent_id
    return found


def _nanoseconds(at: float) -> int:
    return round(at * 1_000_000) * 1000


def _otlp_attributes(attributes: Mapping[str, Attribute]) -> Sequence[Json]:
    return [{"key": key, "value": _otlp_value(value)} for key, value in attributes.items()]


def _otlp_value(value: Attribute) -> dict[str, Json]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}
