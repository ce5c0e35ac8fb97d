"""The states of runs and step runs, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum

from kapell.kit.errors import Bug


class RunStatus(StrEnum):
    """Where a run stands; ``assigned`` means a worker holds its lease and nothing has begun."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    """Where a step run stands."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    COMPENSATED = "compensated"
    DEAD = "dead"


TERMINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

STEP_ENDED = frozenset(
    {
        StepStatus.SUCCEEDED,
        StepStatus.FAILED,
        StepStatus.CANCELLED,
        StepStatus.SKIPPED,
        StepStatus.COMPENSATED,
        StepStatus.DEAD,
    }
)

_R = RunStatus
RUN_TRANSITIONS: Mapping[tuple[RunStatus, str], RunStatus] = {
    (_R.QUEUED, "run.assigned"): _R.ASSIGNED,
    (_R.ASSIGNED, "run.assigned"): _R.ASSIGNED,
    (_R.RUNNING, "run.assigned"): _R.RUNNING,
    (_R.WAITING, "run.assigned"): _R.WAITING,
    (_R.ASSIGNED, "run.started"): _R.RUNNING,
    (_R.RUNNING, "run.waiting"): _R.WAITING,
    (_R.WAITING, "run.resumed"): _R.RUNNING,
    (_R.RUNNING, "run.succeeded"): _R.SUCCEEDED,
    (_R.RUNNING, "run.failed"): _R.FAILED,
    (_R.QUEUED, "run.cancelling"): _R.RUNNING,
    (_R.ASSIGNED, "run.cancelling"): _R.RUNNING,
    (_R.RUNNING, "run.cancelling"): _R.RUNNING,
    (_R.WAITING, "run.cancelling"): _R.RUNNING,
    (_R.RUNNING, "run.cancelled"): _R.CANCELLED,
    (_R.RUNNING, "run.forked"): _R.RUNNING,
    (_R.QUEUED, "run.forked"): _R.RUNNING,
    (_R.ASSIGNED, "run.forked"): _R.RUNNING,
    (_R.WAITING, "run.forked"): _R.RUNNING,
    (_R.SUCCEEDED, "run.forked"): _R.RUNNING,
    (_R.FAILED, "run.forked"): _R.RUNNING,
    (_R.CANCELLED, "run.forked"): _R.RUNNING,
    (_R.RUNNING, "run.repaired"): _R.RUNNING,
    (_R.WAITING, "run.repaired"): _R.RUNNING,
    (_R.FAILED, "run.repaired"): _R.RUNNING,
    (_R.SUCCEEDED, "run.merged"): _R.SUCCEEDED,
    (_R.FAILED, "run.merged"): _R.SUCCEEDED,
    (_R.CANCELLED, "run.merged"): _R.SUCCEEDED,
    (_R.WAITING, "run.merged"): _R.SUCCEEDED,
}
"""The run's states as a table: what is not here cannot happen."""


def after(status: RunStatus, kind: str) -> RunStatus:
    """Return the run's state after an event of that type.

    Raises:
        Bug: ``illegal_transition`` when the table has no such way.
    """
    found = RUN_TRANSITIONS.get((status, kind))
    if found is None:
        raise Bug(f"A {status} run cannot see {kind}.", code="illegal_transition")
    return found
