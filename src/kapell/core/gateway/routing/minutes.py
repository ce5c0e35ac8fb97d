"""What deployments did, minute by minute: what the panel of the last hour is made of."""

from collections.abc import Iterable

import msgspec

from kapell.core.gateway.routing.health import Report

MINUTE = 60.0
KEPT = 60
"""Minutes that are kept."""


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment's calls that ended within one minute; ``minute`` counts from 1970.

    ``seconds`` are those of answered calls together, ``slowest`` the longest of them.
    """

    deployment: str
    minute: int
    answered: int = 0
    failed: int = 0
    limited: int = 0
    seconds: float = 0.0
    slowest: float = 0.0

    @property
    def calls(self) -> int:
        """Return how many calls ended."""
        return self.answered + self.failed + self.limited


def minute_of(at: float) -> int:
    """Return the minute an instant lies in."""
    return int(at // MINUTE)


def counted(reports: Iterable[Report]) -> tuple[Minute, ...]:
    """Return what some calls add to each deployment's minutes."""
    found: dict[tuple[str, int], Minute] = {}
    for report in reports:
        key = (report.deployment, minute_of(report.at))
        empty = Minute(deployment=key[0], minute=key[1])
        found[key] = added(found.get(key, empty), _one(report, empty))
    return tuple(found[key] for key in sorted(found))


def added(one: Minute, more: Minute) -> Minute:
    """Return two counts of a deployment together, under the first one's minute."""
    return msgspec.structs.replace(
        one,
        answered=one.answered + more.answered,
        failed=one.failed + more.failed,
        limited=one.limited + more.limited,
        seconds=one.seconds + more.seconds,
        slowest=max(one.slowest, more.slowest),
    )


def _one(report: Report, empty: Minute) -> Minute:
    if report.outcome == "answered":
        return msgspec.structs.replace(
            empty, answered=1, seconds=report.seconds, slowest=report.seconds
        )
    if report.outcome == "limited":
        return msgspec.structs.replace(empty, limited=1)
    return msgspec.structs.replace(empty, failed=1)
