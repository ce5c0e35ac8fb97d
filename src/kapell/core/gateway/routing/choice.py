"""The choice: which deployment is asked next, or how long to wait, or that it is given up."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import Try
from kapell.core.gateway.routing import rate
from kapell.core.gateway.routing.health import WELL, Health, standing
from kapell.core.gateway.routing.order import Load, Preferred, ordered
from kapell.core.gateway.routing.rate import Bucket
from kapell.core.gateway.routing.route import Deployment, Route
from kapell.kit.clock import span_text

_SHARE = 0.5
"""Of the time left that a try gets when others could follow it."""

_LONGEST = 120.0
"""Seconds a try may take at most while others could follow, unless its deployment says otherwise:
a step without a timeout of its own must not wait for one that hangs.
"""

_LEAST = 0.001
"""Seconds below which nobody is asked any more."""

_AGAIN = "model_rate_limited"
_SOON = 0.05
"""Seconds after which a full deployment is looked at again, unless told sooner."""

Obstacle: TypeAlias = Literal["asked", "context", "open", "probing", "limited", "full", "rate"]


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a choice depends on.

    ``left`` are the seconds until the request has to be answered, ``patience`` those it may still
    wait. ``tokens`` is the size of what is sent, by estimate. ``tried`` maps deployments that were
    asked to the code of their failure; ``tries`` counts how often any was asked.
    """

    now: float
    left: float
    patience: float
    load: Load
    tokens: int = 0
    health: Mapping[str, Health] = {}
    rates: Mapping[str, Bucket] = {}
    tried: Mapping[str, str] = {}
    tries: int = 0


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Ask this deployment; ``probe`` when its answer shall show whether it is well again."""

    deployment: Deployment
    reason: str
    timeout: float
    probe: bool = False
    skipped: tuple[Try, ...] = ()


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Choose again after so many seconds, or when a call ends: ``of`` may then be free."""

    of: Deployment
    seconds: float
    code: Obstacle
    reason: str
    skipped: tuple[Try, ...] = ()


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody can be asked; ``retry_after`` says when somebody may be."""

    reason: str
    retry_after: float | None = None
    skipped: tuple[Try, ...] = ()


Choice: TypeAlias = Ask | Wait | GiveUp


class _Blocked(msgspec.Struct, frozen=True):
    one: Preferred
    obstacle: Obstacle
    until: float
    said: str


def choose(route: Route, sight: Sight) -> Choice:
    """Return what a request to a route does next."""
    preferred = ordered(route, sight.load)
    blocked: list[_Blocked] = []
    free: list[Preferred] = []
    for one in preferred:
        found = _obstacle(one, sight)
        if found is None:
            free.append(one)
        else:
            blocked.append(found)
    most = 2 * len(preferred)
    if free and sight.left > _LEAST and sight.tries < most:
        first = free[0]
        ahead = preferred.index(first)
        passed = [one for one in blocked if preferred.index(one.one) < ahead]
        return _ask(first, first.reason, sight, others=len(free) > 1, passed=passed)
    return _nobody(blocked, sight, most)


def _nobody(blocked: list[_Blocked], sight: Sight, most: int) -> Choice:
    """Return what to do when nobody is free: wait, ask one that should be spared, or give up."""
    skipped = tuple(_skipped(one) for one in blocked if one.obstacle != "asked")
    if sight.left <= _LEAST:
        return GiveUp(reason="its time is over", skipped=skipped)
    waiting = [one for one in blocked if one.obstacle in ("limited", "full", "rate")]
    soonest = min(waiting, key=lambda one: one.until, default=None)
    seconds = max(soonest.until - sight.now, 0.001) if soonest else 0.0
    if soonest and seconds <= min(sight.left, sight.patience) and sight.tries < most:
        reason = f"waits for {soonest.one.deployment.name}: {soonest.said}"
        of, code = soonest.one.deployment, soonest.obstacle
        return Wait(of=of, seconds=seconds, code=code, reason=reason, skipped=skipped)
    sick = [one for one in blocked if one.obstacle in ("open", "probing")]
    if sick:
        best = min(sick, key=lambda one: one.until)
        passed = [one for one in blocked if one is not best]
        reason = "nobody is well: the one that should be so soonest"
        return _ask(best.one, reason, sight, others=len(sick) > 1, passed=passed)
    small = [one for one in blocked if one.obstacle == "context"]
    if small and sight.tries == 0 and not waiting:
        best = max(small, key=lambda one: one.one.deployment.context or 0)
        passed = [one for one in blocked if one is not best]
        reason = "nobody reads that much by our count: the one that reads most"
        return _ask(best.one, reason, sight, others=False, passed=passed)
    retry_after = None if soonest is None else seconds
    reason = "nobody is left to be asked" if sight.tries else "nobody can be asked now"
    return GiveUp(reason=reason, retry_after=retry_after, skipped=skipped)


def _ask(one: Preferred, reason: str, sight: Sight, *, others: bool, passed: list[_Blocked]) -> Ask:
    deployment = one.deployment
    fair = min(sight.left * _SHARE, _LONGEST) if others else sight.left
    timeout = fair if deployment.timeout is None else min(deployment.timeout, sight.left)
    health = sight.health.get(deployment.name, WELL)
    return Ask(
        deployment=deployment,
        reason=reason,
        timeout=timeout,
        probe=standing(health, sight.now) == "half_open",
        skipped=tuple(
            _skipped(one) for one in passed if one.one.deployment.name not in sight.tried
        ),
    )


def _skipped(blocked: _Blocked) -> Try:
    deployment = blocked.one.deployment
    return Try(
        deployment=deployment.name,
        model=deployment.model,
        outcome="skipped",
        code=blocked.obstacle,
        reason=blocked.said,
    )


def _obstacle(one: Preferred, sight: Sight) -> _Blocked | None:
    """Return why a deployment cannot be asked now, and until when."""
    deployment, now = one.deployment, sight.now
    name = deployment.name
    health = sight.health.get(name, WELL)
    stands = standing(health, now)
    # One that asked for patience may be asked again once that time is over.
    if sight.tried.get(name, _AGAIN) != _AGAIN:
        return _Blocked(one, "asked", now, "was asked")
    if deployment.context is not None and sight.tokens > deployment.context:
        said = f"reads {deployment.context:,} tokens, the request has about {sight.tokens:,}"
        return _Blocked(one, "context", now, said)
    if stands == "open":
        said = f"sick ({health.code}), left alone for {span_text(health.open_until - now)}"
        return _Blocked(one, "open", health.open_until, said)
    if stands == "probing":
        said = f"sick ({health.code}), another call is finding out"
        return _Blocked(one, "probing", health.probe_until, said)
    if stands == "limited":
        said = f"asked us to wait {span_text(health.limited_until - now)}"
        return _Blocked(one, "limited", health.limited_until, said)
    return _limit(one, sight)


def _limit(one: Preferred, sight: Sight) -> _Blocked | None:
    """Return which limit of our own holds a deployment back."""
    deployment, now = one.deployment, sight.now
    under_way = sight.load.in_flight.get(deployment.name, 0)
    if deployment.concurrency is not None and under_way >= deployment.concurrency:
        return _Blocked(one, "full", now + _SOON, f"{under_way} calls under way, its limit")
    if deployment.rate is not None:
        bucket = sight.rates.get(deployment.name)
        free = now if bucket is None else rate.free_at(bucket, deployment.rate, now)
        if free > now:
            said = f"its rate of {deployment.rate:,} calls a minute is used up"
            return _Blocked(one, "rate", free, said)
    return None
