"""Limits wired up: where is counted, and how often who may ask."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from kapell.adapters.db.store import Store
from kapell.bootstrap.guarding.notices import sender
from kapell.core.gateway.quotas import Per, Quota
from kapell.core.limits.breaker import Breaker
from kapell.core.limits.rates import Rate
from kapell.kit.clock import Clock
from kapell.kit.errors import Missing
from kapell.kit.ids import RunId
from kapell.kit.money import nano
from kapell.services.gateway.counts import Counts
from kapell.services.limits.admission import Admission
from kapell.services.limits.escalations import Escalations
from kapell.services.limits.limiter import Limiter
from kapell.services.limits.tenants import TenantBreaker
from kapell.settings.guarding.limits import BreakerSettings, CostSection
from kapell.settings.loading import Settings

_DAY = 86_400.0


class Limits(msgspec.Struct, frozen=True):
    """What holds the limits of an app; ``close`` leaves where they are counted."""

    counts: Counts
    limiter: Limiter
    admission: Admission
    breaker: TenantBreaker
    close: Callable[[], Awaitable[None]]


def make_limits(settings: Settings, store: Store, clock: Clock) -> Limits:
    """Return what holds the limits that the settings of a workspace ask for.

    Raises:
        Missing: ``redis_missing`` when it is to count and its library is not installed.
    """
    counts, close = _counts(settings, store)
    limiter = Limiter(_rates(settings), counts)
    most = settings.breaker.tenant if settings.breaker.on else None
    breaker = TenantBreaker(counts, most, clock)
    return Limits(counts, limiter, Admission(limiter, breaker), breaker, close)


def cost_limits(settings: CostSection) -> list[Quota]:
    """Return the limits of money, which hold for everyone."""
    each: tuple[tuple[Per, float, float | None], ...] = (
        ("conversation", 30 * _DAY, settings.conversation),
        ("user", _DAY, settings.user),
        ("tenant", _DAY, settings.tenant),
    )
    return [
        Quota(per=per, every=every, usd=int(nano(usd)), guard=True)
        for per, every, usd in each
        if usd is not None
    ]


def breaker_of(settings: BreakerSettings) -> Breaker | None:
    """Return the breaker of a workspace's runs; None where it is switched off."""
    if not settings.on:
        return None
    return Breaker(
        failures=settings.failures,
        confidence=settings.confidence,
        times=settings.times,
        repeats=settings.repeats,
        usd=None if settings.cost is None else int(nano(settings.cost)),
        calls=settings.calls,
        runs=settings.runs,
    )


def _counts(settings: Settings, store: Store) -> tuple[Counts, Callable[[], Awaitable[None]]]:
    redis = settings.limits.redis
    if redis is None:
        return store.counts, _nothing
    try:
        from kapell.adapters.redis.counts import RedisCounts  # noqa: PLC0415 - an optional vendor
    except ModuleNotFoundError as error:
        raise Missing(
            "limits.redis is set, and the library that speaks to Redis is not installed.",
            code="redis_missing",
            advice="Install it with: pip install 'kapell[redis]'.",
        ) from error
    counts = RedisCounts(redis.get_secret_value())
    return counts, counts.close


def make_escalations(settings: Settings, breaker: TenantBreaker, root: Path) -> Escalations:
    """Return what tells people of runs that are held, by the channel that the settings name."""
    send = sender(settings, settings.breaker.notify, root)

    async def notify(run: RunId, text: str) -> None:
        await send(run, f"escalation:{run}", text)

    return Escalations(breaker, notify)


async def _nothing() -> None:
    """The store closes its own counts."""


def _rates(settings: Settings) -> list[Rate]:
    return [
        Rate(per=one.per, most=one.most, every=one.every, who=one.who, everywhere=one.everywhere)
        for one in settings.limits.rates
    ]
