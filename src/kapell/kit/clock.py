"""Time as a port, and the texts people write for it.

Instants are seconds since 1970 in UTC (float), spans are seconds (float): one form everywhere.
"""

import re
from datetime import UTC, datetime
from typing import Protocol

from kapell.kit.errors import Invalid


class Clock(Protocol):
    """Tells the time; adapters read the machine's, tests set their own."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        ...


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def span(text: str | float) -> float:
    """Return the seconds of a span such as ``90s``, ``1h30m``, ``250ms``, ``2d`` or a plain number.

    Raises:
        Invalid: ``span_broken`` when the text is none of these.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        if text >= 0:
            return float(text)
    elif isinstance(text, str):
        parts = _PART.findall(text)
        if parts and "".join(f"{number}{unit}" for number, unit in parts) == text.strip():
            return sum(float(number) * _UNITS[unit] for number, unit in parts)
    raise Invalid(
        f"{text!r} is not a span of time.",
        code="span_broken",
        advice="Write a number and a unit, such as 250ms, 30s, 5m, 1h30m or 2d.",
    )


def span_text(seconds: float) -> str:
    """Return a span as people read it: ``12ms``, ``3.2s``, ``4m05s``, ``2h10m``, ``3d04h``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def instant(text: str) -> float:
    """Return the instant of an ISO 8601 text; without a zone it is UTC.

    Raises:
        Invalid: ``instant_broken`` when the text is no such date.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            f"{text!r} is not a date and time.",
            code="instant_broken",
            advice="Write it as 2030-01-31T09:00:00+01:00.",
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def instant_text(at: float) -> str:
    """Return an instant as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
