"""The panel of deployments: how each stands now, and what it did in the last hour."""

from collections.abc import Iterable, Mapping

import msgspec

from kapell.core.gateway.routing.health import WELL, Health, Standing, standing
from kapell.core.gateway.routing.minutes import KEPT, Minute, added, minute_of
from kapell.core.gateway.routing.route import Deployment, Route, deployments


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment. ``until`` is when what holds it back ends, 0 when nothing does.

    ``code`` is that of its last failure, of any age. Counts are of the last 60 minutes, ``mean``
    and ``slowest`` the seconds of answered calls. ``minutes`` are those in which calls ended.
    """

    deployment: str
    model: str
    routes: tuple[str, ...] = ()
    standing: Standing = "well"
    until: float = 0.0
    code: str = ""
    failed_at: float = 0.0
    answered: int = 0
    failed: int = 0
    limited: int = 0
    mean: float = 0.0
    slowest: float = 0.0
    minutes: tuple[Minute, ...] = ()

    @property
    def calls(self) -> int:
        """Return how many calls ended."""
        return self.answered + self.failed + self.limited


def first_minute(now: float) -> int:
    """Return the first of the minutes a panel shows."""
    return minute_of(now) - KEPT + 1


def panel(
    routes: Mapping[str, Route],
    healths: Mapping[str, Health],
    minutes: Iterable[Minute],
    now: float,
) -> tuple[Line, ...]:
    """Return every deployment of the routes, and whatever else was asked, by name."""
    models: dict[str, Deployment] = {}
    inside: dict[str, list[str]] = {}
    for route in routes.values():
        for one in deployments(route):
            models.setdefault(one.name, one)
            inside.setdefault(one.name, []).append(route.name)
    by_name: dict[str, list[Minute]] = {}
    for minute in minutes:
        if minute.minute >= first_minute(now):
            by_name.setdefault(minute.deployment, []).append(minute)
    names = sorted({*models, *healths, *by_name})
    return tuple(
        _line(
            Deployment(name=name, model=models[name].model if name in models else name),
            tuple(sorted(inside.get(name, ()))),
            healths.get(name, WELL),
            tuple(by_name.get(name, ())),
            now,
        )
        for name in names
    )


def _line(
    one: Deployment,
    routes: tuple[str, ...],
    health: Health,
    minutes: tuple[Minute, ...],
    now: float,
) -> Line:
    total = Minute(deployment=one.name, minute=0)
    for minute in minutes:
        total = added(total, minute)
    stands = standing(health, now)
    until = {
        "open": health.open_until,
        "probing": health.probe_until,
        "limited": health.limited_until,
    }.get(stands, 0.0)
    return Line(
        deployment=one.name,
        model=one.model,
        routes=routes,
        standing=stands,
        until=until,
        code=health.code,
        failed_at=health.failed_at,
        answered=total.answered,
        failed=total.failed,
        limited=total.limited,
        mean=total.seconds / total.answered if total.answered else 0.0,
        slowest=total.slowest,
        minutes=minutes,
    )
