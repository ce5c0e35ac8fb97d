"""The breaker of an agent: one that fails in run after run is asked no more until a person looked.

Within a run the run's own breaker holds it (`kapell.core.runs.decide.breaking`); this one counts
runs, for every worker alike.
"""

import msgspec

from kapell.core.gateway.quotas import Amount, Quota, Settlement, Taken, Wanted
from kapell.core.limits.breaker import AGENT_HELD
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import Counts

_EVER = 1e11
"""Seconds of a window that ends for nobody."""

_FRESH = 1.0
"""Seconds for which an agent without failures is taken for one: its calls must not take long."""


class AgentStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent stands: ``failed`` runs in a row, of ``most``."""

    agent: str
    held: bool
    failed: int
    most: int | None


class AgentBreaker:
    """Counts the runs in a row in which an agent failed; what it knows is shared by all workers.

    Args:
        counts: Where it is counted.
        most: Failed runs in a row from which on an agent is held; None never holds one.
        clock: Tells when it is to be looked anew how an agent stands.
    """

    def __init__(self, counts: Counts, most: int | None, clock: Clock) -> None:
        self._counts = counts
        self._most = most
        self._clock = clock
        self._let_at: dict[tuple[TenantId, str], float] = {}
        self._well_at: dict[tuple[TenantId, str], float] = {}

    @property
    def on(self) -> bool:
        """Tell whether agents are counted at all."""
        return self._most is not None

    async def failed(self, tenant: TenantId, agent: str) -> bool:
        """Count a run in which an agent failed; True when that holds it from now on."""
        if self._most is None:
            return False
        self._well_at.pop((tenant, agent), None)
        taken = await self._counts.take(tenant, [_failures(agent)], Amount(calls=1), lasting=True)
        if not isinstance(taken, Taken) or taken.used[0].calls < self._most:
            return False
        opened = await self._counts.take(tenant, [_open(agent)], Amount(calls=1), lasting=True)
        self._let_at.pop((tenant, agent), None)
        return isinstance(opened, Taken) and opened.used[0].calls == 1

    async def succeeded(self, tenant: TenantId, agent: str) -> None:
        """Count anew: an agent did what it was asked. Who is held stays so."""
        if self._most is None or self._fresh(self._well_at, tenant, agent):
            return
        failures = _failures(agent)
        if (await self._counts.used(tenant, failures.scope, _EVER)).calls:
            await self._forget(tenant, failures)
        self._well_at[tenant, agent] = self._clock.now()

    async def check(self, tenant: TenantId, agent: str) -> None:
        """Make sure that an agent may be asked.

        Raises:
            Denied: ``agent_held``.
        """
        if self._most is None or self._fresh(self._let_at, tenant, agent):
            return
        if (await self._counts.used(tenant, _open(agent).scope, _EVER)).calls > 0:
            raise Denied(
                f"The agent {agent!r} is held: it has failed in {self._most} runs in a row, and "
                "nobody has looked yet.",
                code=AGENT_HELD,
                advice="See how it failed with `kapell runs list --status failed`, let it work "
                f"again with `kapell breaker close {agent}`, then this run with `kapell runs "
                "resolve RUN --resume`.",
            )
        self._let_at[tenant, agent] = self._clock.now()

    async def standing(self, tenant: TenantId, agent: str) -> AgentStanding:
        """Return how an agent stands."""
        opened = await self._counts.used(tenant, _open(agent).scope, _EVER)
        failed = await self._counts.used(tenant, _failures(agent).scope, _EVER)
        return AgentStanding(
            agent=agent, held=opened.calls > 0, failed=failed.calls, most=self._most
        )

    async def close(self, tenant: TenantId, agent: str) -> bool:
        """Let an agent work again, and count anew; False when it was not held."""
        opened = await self._forget(tenant, _open(agent))
        await self._forget(tenant, _failures(agent))
        return opened > 0

    def _fresh(
        self, known: dict[tuple[TenantId, str], float], tenant: TenantId, agent: str
    ) -> bool:
        return 0 <= self._clock.now() - known.get((tenant, agent), -_EVER) < _FRESH

    async def _forget(self, tenant: TenantId, want: Wanted) -> int:
        """Take back what is counted; return how much that was."""
        taken = await self._counts.take(tenant, [want], Amount())
        if not isinstance(taken, Taken) or not (counted := taken.used[0].calls):
            return 0
        back = Settlement([want], taken.at, Amount(-counted))
        await self._counts.settle(tenant, [back])
        return counted


def _failures(agent: str) -> Wanted:
    return Wanted(scope=f"breaker:failures={agent}", quota=Quota(per="tenant", every=_EVER))


def _open(agent: str) -> Wanted:
    return Wanted(scope=f"breaker:agent={agent}", quota=Quota(per="tenant", every=_EVER))
