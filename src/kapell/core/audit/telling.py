"""What the record tells of an event: names, codes and counts, never what was said or sent.

Names come from strangers too (tools of MCP servers, codes of tools' own errors), so that every
text passes the mask that hides secrets and personal data, and is cut.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import msgspec

from kapell.core.approvals.question import plain_rule
from kapell.core.audit.record import Act, Detail
from kapell.core.events.budget import BudgetAlerted, BudgetExceeded, BudgetWarned
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalEvent,
    ApprovalExpired,
    ApprovalReminded,
    ApprovalRequested,
)
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelHeld,
    ModelJudged,
)
from kapell.core.events.run import (
    RunCancelled,
    RunCancelling,
    RunFailed,
    RunForked,
    RunMerged,
    RunQueued,
    RunRepaired,
    RunSucceeded,
)
from kapell.core.events.signal import ChildStarted, SignalReceived
from kapell.core.events.step import StepDead
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested, ToolReturned
from kapell.core.guardrails.standing import told as standing
from kapell.kit.json import Digest, digest

Mask: TypeAlias = Callable[[str], str]
"""Returns a text without secrets and personal data, the same each time it is asked."""

LONGEST = 160
"""Characters of a name that are kept."""

_NAMES_AT_HAND = 2_000
"""Names of tools, people, machines and rules whose form for the record is remembered."""

_OTHERS = frozenset({"by", "guards", "model", "rule", "to"})
"""Details that are names others gave."""

_CODE = re.compile(r"[a-z][a-z0-9_.]{0,59}")
_FAMILIES = ("approval.", "breaker.", "limit.", "escalation.", "label.")


class Told(NamedTuple):
    """The part of an act that depends on the kind of event."""

    target: str = ""
    verdict: str = ""
    path: str = ""
    details: Mapping[str, Detail] = {}


def told(event: Event, fact: Digest, subject: str, mask: Mask) -> Act | None:
    """Return what the record tells of an event; None when it has no entry of its own.

    Events that a fork took over are acts of its original. An event without an entry is covered by
    the running digest all the same.

    Args:
        event: The fact.
        fact: Its digest.
        subject: Who started its run.
        mask: Hides secrets and personal data in names.
    """
    if event.copied:
        return None
    found = _told(event.payload, event.type)
    if found is None:
        return None
    return Act(
        at=event.at,
        actor=hidden(event.actor, mask),
        action=event.type,
        target=named(found.target, mask),
        verdict=named(found.verdict, mask),
        subject=hidden(subject, mask),
        whence=_whence(event.actor, mask) or placed(getattr(event.payload, "whence", ""), mask),
        run_id=event.run_id,
        path=seen(found.path),
        details={
            # Only rules, people, models and steps have names that others gave them.
            key: (named(value, mask) if key in _OTHERS else seen(value))
            if isinstance(value, str)
            else value
            for key, value in found.details.items()
        },
        number=event.seq,
        event=fact,
    )


def seen(text: str) -> str:
    """Return a text cut, with every character to be seen."""
    cut = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() else "�" for char in cut)


@lru_cache(maxsize=_NAMES_AT_HAND)
def named(text: str, mask: Mask) -> str:
    """Return a name as the record may hold it."""
    return mask(seen(text))


@lru_cache(maxsize=_NAMES_AT_HAND)
def hidden(actor: str, mask: Mask) -> str:
    """Return who acts; a name that is personal data is told by its digest: that can be compared."""
    shown = named(actor, mask)
    if shown == actor:
        return actor
    kind = actor.partition(":")[0] if ":" in actor else "user"
    return f"{kind}:#{digest(actor.encode())[:16]}"


@lru_cache(maxsize=_NAMES_AT_HAND)
def placed(whence: str, mask: Mask) -> str:
    """Return from where somebody acts; an address is told by its digest: that can be compared."""
    return " ".join(hidden(one, mask) for one in whence.split(" "))


@lru_cache(maxsize=_NAMES_AT_HAND)
def _whence(actor: str, mask: Mask) -> str:
    """Return the machine of a worker's name, ``worker:HOST-PID-CHANCE``."""
    kind, _, name = actor.partition(":")
    return named(f"host:{name.rsplit('-', 2)[0]}" if kind == "worker" else "", mask)


def tells(name: str) -> bool:
    """Tell whether events of that name have entries of their own."""
    return name in _NAMES or name.startswith(_FAMILIES)


def code(text: str) -> str:
    """Return the code of a failure; what a tool made up and is none is not repeated."""
    return text if _CODE.fullmatch(text) else "other"


def _told(payload: Payload, kind: str) -> Told | None:
    found = _TELLERS.get(type(payload))
    if found is not None:
        return found(payload)
    if kind.startswith(_FAMILIES):
        return Told(path=str(getattr(payload, "path", "")))
    return None


def _guard(event: GuardVerdict) -> Told:
    verdict = event.verdict
    found: dict[str, Detail] = {"call": event.call, "profile": verdict.profile}
    for reason in verdict.reasons:
        key = f"{reason.family}.{reason.kind}"
        before = found.get(key, 0)
        found[key] = reason.count + (before if isinstance(before, int) else 0)
    return Told(verdict.place, verdict.action, event.path, found)


def _policy(event: PolicyVerdict) -> Told:
    said = event.judgement
    details: dict[str, Detail] = {"call": event.call, "rule": said.rule, "version": said.version}
    return Told(said.about, said.ruling, event.path, details)


def _queued(event: RunQueued) -> Told:
    details: dict[str, Detail] = {"version": event.version, "origin": event.origin.kind}
    if event.origin.run_id:
        details["from"] = event.origin.run_id
    if guards := standing(event.guards):
        details["guards"] = guards
    if event.model:
        details["model"] = event.model
    if event.budget is not None and event.budget.usd is not None:
        details["budget"] = event.budget.usd
    return Told(event.workflow, "queued", "", details)


def _answered(event: ApprovalAnswered) -> Told:
    said: dict[str, Detail] = {"by": event.by, "call": event.call, "left": event.left}
    if event.digest:
        said["digest"] = event.digest
    return Told(_question(event), "approved" if event.approved else "rejected", event.path, said)


def _asked(event: ApprovalRequested) -> Told:
    rule = plain_rule(event.rule)
    details: dict[str, Detail] = {"call": event.call, "rule": rule, "need": event.need}
    if event.risk:
        details["risk"] = event.risk
    if event.digest:
        details["digest"] = event.digest
    return Told(event.tool or event.path, "asked", event.path, details)


def _question(event: ApprovalEvent) -> str:
    """Return the question that an event is about: the call that is held, or the step that asks."""
    return event.call or event.path


def _model(event: ModelAnswered) -> Told:
    tools: dict[str, Detail] = {"call": event.call, "tools": len(event.asks)}
    return Told(event.model, "answered", event.path, tools)


def _judged(event: ModelJudged) -> Told:
    details: dict[str, Detail] = {"call": event.call, "closed": event.closed}
    if event.grounding is not None:
        details["flagged"] = event.grounding.flagged
        details["sentences"] = event.grounding.sentences
    return Told(
        event.judge, code(event.without) if event.without else "judged", event.path, details
    )


_TELLERS: Mapping[type[msgspec.Struct], Callable[..., Told]] = {
    GuardVerdict: _guard,
    PolicyVerdict: _policy,
    ApprovalRequested: _asked,
    ApprovalDelegated: lambda e: Told(_question(e), "delegated", e.path, {"by": e.by, "to": e.to}),
    ApprovalReminded: lambda e: Told(_question(e), "reminded", e.path, {"time": e.number}),
    ApprovalEscalated: lambda e: Told(_question(e), "escalated", e.path, {"to": e.to}),
    ApprovalAnswered: _answered,
    ApprovalExpired: lambda e: Told(_question(e), "expired", e.path, {"taken": e.taken}),
    ToolRequested: lambda e: Told(e.tool, "requested", e.path, {"call": e.call}),
    ToolHeld: lambda e: Told(e.tool, "held", e.path, {"call": e.call}),
    ToolReturned: lambda e: Told(
        e.tool, "returned", e.path, {"call": e.call, "trust": e.trust, "files": len(e.files)}
    ),
    ToolFailed: lambda e: Told(
        e.tool,
        code(e.failure.code),
        e.path,
        {"call": e.call, "unknown": e.unknown},
    ),
    ModelAnswered: _model,
    ModelJudged: _judged,
    ModelFailed: lambda e: Told(e.model, code(e.failure.code), e.path, {"call": e.call}),
    ModelHeld: lambda e: Told(e.model, "held", e.path, {"call": e.call}),
    ModelAbandoned: lambda e: Told(e.model, "abandoned", e.path, {"call": e.call}),
    BudgetExceeded: lambda e: Told(e.what, "exceeded", e.scope, {"limit": e.limit}),
    BudgetAlerted: lambda e: Told("usd", "alerted", "", {"limit": e.limit, "reason": e.reason}),
    BreakerTripped: lambda e: Told(
        e.name or e.scope, "held", e.path, {"scope": e.scope, "reason": e.reason}
    ),
    BudgetWarned: lambda e: Told(e.what, "warned", e.scope, {"limit": e.limit}),
    StepDead: lambda e: Told(e.stage, code(e.failure.code), e.path, {"attempts": e.attempts}),
    SignalReceived: lambda e: Told(e.name, "received", e.path),
    ChildStarted: lambda e: Told(e.workflow, "started", e.path, {"child": e.run_id}),
    RunQueued: _queued,
    RunCancelling: lambda e: Told("run", "asked"),
    RunCancelled: lambda e: Told("run", "cancelled"),
    RunSucceeded: lambda e: Told("run", "succeeded"),
    RunFailed: lambda e: Told("run", code(e.failure.code), "", {"undone": e.compensated}),
    RunForked: lambda e: Told(
        "run", "forked", e.path, {"from": e.run_id, "after": e.seq, "again": e.repeat_external}
    ),
    RunRepaired: lambda e: Told("run", "repaired", e.path, {"generation": e.generation}),
    RunMerged: lambda e: Told("run", "merged", "", {"from": e.run_id}),
}
"""What is told of which event; a test holds that every event of a guarded family is here."""

_NAMES = frozenset(str(kind.__struct_config__.tag) for kind in _TELLERS)
