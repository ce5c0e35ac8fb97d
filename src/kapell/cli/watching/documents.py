"""Runs as data: what ``--json`` writes."""

from collections.abc import Mapping

import msgspec

from kapell.bootstrap.app import App
from kapell.cli.failures import hidden
from kapell.core.events.envelope import Event
from kapell.core.events.published import message
from kapell.core.events.value import ArtifactRef, Packed
from kapell.core.runs.status import StepStatus
from kapell.core.workflows.values import is_kept_file
from kapell.kit.clock import instant_text
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.kit.money import usd
from kapell.projections.timeline import line_of
from kapell.projections.tree import RunView, StepView
from kapell.services.runs.ports import ApprovalRow, DeadLetterRow, RunSummary

_HINT = 80
"""Characters of one input that are shown."""


def moment(at: float | None) -> str | None:
    """Return an instant as text, None for none."""
    return None if at is None else instant_text(at)


def failure_document(failure: Failure | None) -> dict[str, object] | None:
    """Return a failure as data."""
    if failure is None:
        return None
    return {
        "code": failure.code,
        "kind": failure.kind.value,
        "message": hidden(failure.message),
        "advice": hidden(failure.advice),
        "step": failure.step,
    }


def summary_document(run: RunSummary) -> dict[str, object]:
    """Return a run of a list as data."""
    return {
        "run_id": run.run_id,
        "workflow": run.workflow,
        "status": run.status.value,
        "attended": run.attended,
        "created_at": moment(run.created_at),
        "updated_at": moment(run.updated_at),
        "ended_at": moment(run.ended_at),
        "usd": usd(run.usd),
        "tokens": run.tokens,
        "error_code": run.error_code,
        "key": run.key,
        "priority": run.priority,
        "forked_from": run.forked_from,
        "guards": run.guards,
        "parent_run": run.parent_run,
    }


async def run_document(app: App, view: RunView) -> dict[str, object]:
    """Return a run with its steps as data; its output is fetched when it is an artifact."""
    return {
        "run_id": view.run_id,
        "workflow": view.workflow,
        "version": view.version,
        "status": view.status.value,
        "generation": view.generation,
        "model": view.model,
        "forked_from": view.forked_from,
        "guards": view.guards,
        "unjudged": dict(view.unjudged),
        "created_at": moment(view.created_at),
        "started_at": moment(view.started_at),
        "ended_at": moment(view.ended_at),
        "usd": usd(view.usd),
        "tokens": view.tokens,
        "events": view.seq,
        "inputs": await value_of(app, view.inputs),
        "output": await value_of(app, view.output),
        "label": list(view.label),
        "failure": failure_document(view.failure),
        "steps": [
            _step_document(step)
            for step in view.steps.values()
            if step.status is not StepStatus.QUEUED
        ],
        "children": [
            {"run_id": one.run_id, "workflow": one.workflow, "status": one.status.value}
            for one in await app.reader.children(app.tenant, RunId(view.run_id))
        ],
        "approvals": [
            {"path": one.path, "title": one.title, "edit": list(one.edit)}
            for one in view.approvals.values()
        ],
        "dead_letters": [
            {"path": path, **(failure_document(failure) or {})}
            for path, failure in view.dead.items()
        ],
    }


def _step_document(step: StepView) -> dict[str, object]:
    return {
        "step": step.step,
        "status": step.status.value,
        "total": step.total if step.fanned else None,
        "ended": {state.value: count for state, count in step.ended.items() if count},
        "live": len(step.live),
        "retries": step.retries,
        "calls": step.calls,
        "model": step.model,
        "agent": step.agent,
        "tool": step.tool,
        "usd": usd(step.usd),
        "tokens": step.tokens,
        "started_at": moment(step.started_at),
        "ended_at": moment(step.ended_at),
        "failure": failure_document(step.failure),
        "copied": step.copied,
        "label": list(step.label),
    }


def event_document(event: Event) -> dict[str, object]:
    """Return an event in the published form, with its line in words and its time as text."""
    said = {"seq": event.seq, "time": moment(event.at), "text": line_of(event).text}
    return {**said, **message(event)}


def approval_document(row: ApprovalRow, data: Json) -> dict[str, object]:
    """Return an approval as data."""
    return {
        "run_id": row.run_id,
        "workflow": row.workflow,
        "path": row.path,
        "title": row.title,
        "data": data,
        "edit": list(row.edit),
        "expires": moment(row.expires),
        "asked_at": moment(row.at),
        "answer": row.answer,
        "by": row.by,
        "answered_at": moment(row.closed_at),
        "step": row.step,
        "tool": row.details.tool,
        "digest": row.standing.digest,
        "rule": row.details.rule,
        "why": row.details.why,
        "risk": row.details.risk,
        "usd": usd(row.details.cost),
        "labels": {name: list(label) for name, label in row.details.labels.items()},
        "approvers": list(row.standing.approvers),
        "need": row.details.need,
        "agreed": list(row.standing.agreed),
        "reminded": row.standing.reminded,
        "escalated": row.standing.escalated,
    }


def dead_document(row: DeadLetterRow) -> dict[str, object]:
    """Return a dead letter of a list as data."""
    return {
        "run_id": row.run_id,
        "workflow": row.workflow,
        "path": row.path,
        "stage": row.stage,
        "code": row.code,
        "message": hidden(row.message),
        "attempts": row.attempts,
        "at": moment(row.at),
    }


async def value_of(app: App, packed: Packed) -> Json:
    """Return a packed value."""
    return await app.histories.value(packed)


def shortened(packed: Packed) -> str:
    """Return a hint of a run's inputs for people."""
    if isinstance(packed, ArtifactRef):
        return f"({size_text(packed.size)})"
    if not isinstance(packed.value, Mapping):
        return _hint(packed.value)
    return ", ".join(f"{name}={_hint(value)}" for name, value in packed.value.items()) or "none"


def _hint(value: Json) -> str:
    if isinstance(value, Mapping) and is_kept_file(value):
        size = value.get("size")
        return f"{value['name']} ({size_text(size if isinstance(size, int) else 0)})"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = text.replace("\n", " ")
    return text if len(text) <= _HINT else f"{text[:_HINT]}…"


def size_text(size: int) -> str:
    """Return bytes as people read them: ``8.7 kB``."""
    if size < 1000:
        return f"{size} bytes"
    power = next((one for one in (1, 2) if size < 999_950 * 1000 ** (one - 1)), 3)
    return f"{size / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"
