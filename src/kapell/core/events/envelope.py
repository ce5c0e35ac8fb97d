"""The envelope every event travels in: message schema v1 of the plans."""

from typing import TypeAlias

import msgspec

from kapell.core.events.budget import BudgetEvent
from kapell.core.events.compensation import CompensationEvent
from kapell.core.events.guarding.approval import ApprovalEvent
from kapell.core.events.guarding.guard import GuardEvent
from kapell.core.events.model import ModelEvent
from kapell.core.events.run import RunEvent
from kapell.core.events.signal import ChildEvent, SignalEvent
from kapell.core.events.step import StepEvent
from kapell.core.events.tool import ToolEvent
from kapell.kit.ids import EventId, RunId, TenantId

Payload: TypeAlias = (
    RunEvent
    | StepEvent
    | CompensationEvent
    | ModelEvent
    | ToolEvent
    | BudgetEvent
    | ApprovalEvent
    | SignalEvent
    | ChildEvent
    | GuardEvent
)


COPIED = "copied:"
"""What the cause of an event begins with that a fork took over; the event's id follows."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A past fact of a run, never changed.

    ``seq`` is dense within the run and counts from 1. ``at`` is in seconds since 1970, UTC.
    ``correlation_id`` is the same for everything that belongs to one start (children and forks
    included); ``causation_id`` names the event or command that led to this one. ``actor`` is who
    did it: ``user:NAME``, ``worker:ID`` or ``system``.
    """

    id: EventId
    run_id: RunId
    seq: int
    type: str
    version: int
    at: float
    tenant_id: TenantId
    correlation_id: str
    causation_id: str
    actor: str
    payload: Payload

    @property
    def copied(self) -> bool:
        """Tell whether a fork took this over from its original, which did and paid it."""
        return self.causation_id.startswith(COPIED)
