"""Whether a run rests: it has ended, or only somebody outside can bring it on; or goes on."""

from kapell.core.events.run import RunWaiting
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.ids import RunId, TenantId
from kapell.services.runs.ports import RunReader, RunSummary

_TAIL = 8
"""Events at the end of the log among which the last ``run.waiting`` stands."""


async def rests(reader: RunReader, tenant: TenantId, run: RunId, now: float) -> bool:
    """Tell whether a run rests, from what is stored, whoever owns it."""
    summary = await reader.run(tenant, run)
    due = summary.wake_at is not None and summary.wake_at <= now
    if summary.owner is not None or due:
        # An ended run is due, too, when somebody asked to try again what failed.
        return False
    if summary.status in TERMINAL:
        return True
    if summary.status is not RunStatus.WAITING:
        return False
    tail = await reader.events(tenant, run, max(summary.seq - _TAIL, 0), _TAIL)
    waiting = [event.payload for event in tail if isinstance(event.payload, RunWaiting)]
    if not waiting or waiting[-1].timers:
        return False
    return not waiting[-1].children or bool(await resting(reader, tenant, run, now))


async def resting(
    reader: RunReader, tenant: TenantId, run: RunId, now: float
) -> tuple[RunSummary, ...]:
    """Return the runs that a run waits for, when each of them rests without having ended.

    Nothing when one goes on: then it brings the run on.
    """
    begun = await reader.children(tenant, run)
    left = tuple(one for one in begun if one.status not in TERMINAL)
    for one in left:
        if not await rests(reader, tenant, one.run_id, now):
            return ()
    return left


async def goes_on(reader: RunReader, tenant: TenantId, run: RunId, now: float) -> bool:
    """Tell whether a run that nobody owns can go on at once: somebody spoke when it was left."""
    summary = await reader.run(tenant, run)
    return summary.owner is None and summary.wake_at is not None and summary.wake_at <= now
