"""Escalations: when a run is held, its tenant's breaker counts it and people are told.

So they are when somebody's day costs far more than their days do.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.envelope import Event
from kapell.core.events.guarding.guard import BreakerTripped
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.services.limits.courtesies import Courtesies
from kapell.services.limits.tenants import TenantBreaker

log = logging.getLogger(__name__)

_TOLD = (BreakerTripped, BudgetAlerted)

Notify = Callable[[RunId, str, str], Awaitable[None]]
"""Tells people a text about a run, under a key that makes it one."""


class Escalations:
    """Observes what runs append. What it does is a courtesy: the run is held all the same.

    Args:
        breaker: Counts what is held.
        notify: Tells people; the text holds nothing of what the run works on.
    """

    def __init__(self, breaker: TenantBreaker, notify: Notify) -> None:
        self._breaker = breaker
        self._notify = notify
        self._courtesies = Courtesies()

    def observe(self, run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
        """See whether a run was held."""
        del program
        for event in events:
            payload = event.payload
            if not isinstance(payload, _TOLD) or event.copied:
                continue
            if isinstance(payload, BreakerTripped):
                self._courtesies.begin(self._tell(run, payload, state))
            else:
                self._courtesies.begin(self._warn(run, payload))

    async def close(self) -> None:
        """Finish what is under way."""
        await self._courtesies.close()

    async def _tell(self, run: RunId, trip: BreakerTripped, state: State) -> None:
        what = trip.name or ("a limit of money" if trip.scope == "money" else "the run")
        where = f" at {trip.path}" if trip.path else ""
        text = (
            f"A run of {state.request.workflow} is held{where}: {_why(trip, what)}. "
            f"Look at it: kapell runs show {run}; then: kapell runs resolve {run}"
        )
        try:
            if trip.scope != "money" and trip.reason != "open":
                await self._breaker.tripped(state.tenant_id)
            await self._notify(run, f"escalation:{run}", text)
        except KapellError as error:
            log.warning("that the run %s is held could not be told: %s", run, error)

    async def _warn(self, run: RunId, alert: BudgetAlerted) -> None:
        if alert.reason != "day":
            return
        per, _, name = alert.whose.partition("=")
        text = (
            f"The {per} {name} has spent {money(alert.used)} today, far more than on a usual day "
            f"({money(alert.limit)}). Look at what runs: kapell runs list; this one told it: "
            f"kapell runs show {run}"
        )
        try:
            await self._notify(run, f"spending:{alert.whose}:{run}", text)
        except KapellError as error:
            log.warning("that the %s spends unusually much could not be told: %s", per, error)


def _why(trip: BreakerTripped, what: str) -> str:
    return f"the agent {what} is" if trip.reason == "open" else f"{trip.reason} of {what}"
