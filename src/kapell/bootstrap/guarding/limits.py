"""Limits wired up: where is counted, and how often who may ask."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kapell.adapters.db.store import Store
from kapell.bootstrap.guarding.notices import sender
from kapell.core.gateway.quotas import DAY, Per, Quota
from kapell.core.limits.breaker import Breaker
from kapell.core.limits.rates import Rate
from kapell.kit.clock import Clock
from kapell.kit.errors import Missing
from kapell.kit.money import nano
from kapell.services.gateway.counts import Counts
from kapell.services.gateway.habits import Habits
from kapell.services.limits.admission import Admission
from kapell.services.limits.agents import AgentBreaker
from kapell.services.limits.escalations import Escalations
from kapell.services.limits.limiter import Limiter
from kapell.services.limits.outcomes import AgentOutcomes
from kapell.services.limits.tenants import TenantBreaker
from kapell.settings.guarding.limits import CostSection
from kapell.settings.loading import Settings

if TYPE_CHECKING:
    from kapell.adapters.redis.counts import RedisCounts


class Limits(msgspec.Struct, frozen=True):
    """What holds the limits of an app; ``close`` leaves where they are counted."""

    counts: Counts
    limiter: Limiter
    admission: Admission
    breaker: TenantBreaker
    agents: AgentBreaker
    close: Callable[[], Awaitable[None]]


def make_limits(settings: Settings, store: Store, clock: Clock) -> Limits:
    """Return what holds the limits that the settings of a workspace ask for.

    Raises:
        Missing: ``redis_missing`` when it is to count and its library is not installed.
    """
    counts, close = _counts(settings, store)
    limiter = Limiter(_rates(settings), counts)
    own = settings.breaker if settings.guardrails.flags.breaker else None
    # A breaker stays open until a person has looked: a Redis that begins anew would close it.
    breaker = TenantBreaker(store.counts, None if own is None else own.tenant, clock)
    agents = AgentBreaker(store.counts, None if own is None else own.agent, clock)
    return Limits(counts, limiter, Admission(limiter, breaker), breaker, agents, close)


def cost_limits(settings: Settings) -> list[Quota]:
    """Return the limits of money, which hold for everyone; none where they are switched off."""
    if not settings.guardrails.flags.limits:
        return []
    cost = settings.limits.cost
    each: tuple[tuple[Per, float, float | None], ...] = (
        ("conversation", 30 * DAY, cost.conversation),
        ("user", DAY, cost.user),
        ("tenant", DAY, cost.tenant),
    )
    watched = ("user", "tenant") if cost.unusual is not None else ()
    return [
        Quota(per=per, every=every, usd=None if usd is None else int(nano(usd)), guard=True)
        for per, every, usd in each
        if usd is not None or per in watched  # what has no limit is counted, to know what is usual
    ]


def habits(settings: CostSection, counts: Counts, clock: Clock) -> Habits:
    """Return what tells of days that are out of habit."""
    return Habits(counts, settings.unusual, int(nano(settings.notable)), clock.now)


def breaker_of(settings: Settings) -> Breaker | None:
    """Return the breaker of a workspace's runs; None where it is switched off."""
    if not settings.guardrails.flags.breaker:
        return None
    own = settings.breaker
    return Breaker(
        failures=own.failures,
        confidence=own.confidence,
        times=own.times,
        repeats=own.repeats,
        usd=None if own.cost is None else int(nano(own.cost)),
        calls=own.calls,
        runs=own.runs,
    )


def _counts(settings: Settings, store: Store) -> tuple[Counts, Callable[[], Awaitable[None]]]:
    redis = settings.limits.redis
    if redis is None:
        return store.counts, _nothing
    counts = counts_of_redis(redis.get_secret_value())
    return counts, counts.close


def counts_of_redis(url: str) -> "RedisCounts":
    """Return the counts that a Redis server keeps; it is not asked yet.

    Raises:
        Missing: ``redis_missing``.
    """
    try:
        from kapell.adapters.redis.counts import RedisCounts  # noqa: PLC0415 - an optional vendor
    except ModuleNotFoundError as error:
        raise Missing(
            "limits.redis is set, and the library that speaks to Redis is not installed.",
            code="redis_missing",
            advice="Install it with: pip install 'kapell[redis]'.",
        ) from error
    return RedisCounts(url)


def make_escalations(settings: Settings, breaker: TenantBreaker, root: Path) -> Escalations:
    """Return what tells people of runs that are held, by the channel that the settings name."""
    return Escalations(breaker, sender(settings, settings.breaker.notify, root))


def make_outcomes(settings: Settings, breaker: AgentBreaker, root: Path) -> AgentOutcomes:
    """Return what counts how agents fare, and tells people of those that are held."""
    return AgentOutcomes(breaker, sender(settings, settings.breaker.notify, root))


async def _nothing() -> None:
    """The store closes its own counts."""


def _rates(settings: Settings) -> list[Rate]:
    if not settings.guardrails.flags.limits:
        return []
    return [
        Rate(per=one.per, most=one.most, every=one.every, who=one.who, everywhere=one.everywhere)
        for one in settings.limits.rates
    ]
