"""The health of deployments as text of a row; shared by both databases."""

from collections.abc import Iterable, Sequence

import msgspec

from kapell.core.gateway.routing.health import WELL, Health, Report, after
from kapell.core.gateway.routing.minutes import KEPT, Minute, minute_of
from kapell.kit.json import encode

_decoder = msgspec.json.Decoder(Health)

MINUTE_COLUMNS = "name, minute, answered, failed, limited, seconds, slowest"


def text_of(health: Health) -> str:
    """Return a health as it is stored."""
    return encode(health).decode()


def health_of(text: str | None) -> Health:
    """Return a stored health; what another release wrote and this one cannot read is forgotten."""
    if not text:
        return WELL
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return WELL


def folded(health: Health, reports: Iterable[Report]) -> Health:
    """Return a health after some calls."""
    for report in reports:
        health = after(health, report)
    return health


def by_deployment(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Return the reports by deployment, in the order in which rows are locked."""
    found: dict[str, list[Report]] = {}
    for report in sorted(reports, key=lambda one: one.deployment):
        found.setdefault(report.deployment, []).append(report)
    return found


def oldest_kept(reports: Sequence[Report]) -> int:
    """Return the first minute that is kept, by the newest of the reports."""
    return minute_of(max(report.at for report in reports)) - KEPT + 1


def minute_row(one: Minute) -> tuple[str, int, int, int, int, float, float]:
    """Return a minute in the order of ``MINUTE_COLUMNS``."""
    return (
        one.deployment, one.minute, one.answered, one.failed, one.limited, one.seconds, one.slowest,
    )  # fmt: skip


def minute(row: Sequence[object]) -> Minute:
    """Return the minute of a row."""
    names = ("deployment", "minute", "answered", "failed", "limited", "seconds", "slowest")
    return msgspec.convert(dict(zip(names, row, strict=True)), Minute)
