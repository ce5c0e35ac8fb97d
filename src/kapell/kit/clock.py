"""Time as a port, and the texts people write for it.

Instants are seconds since 1970 in UTC (float), spans are seconds (float): one form everywhere.
Both are bounded here, and only here: an instant lies from 1970 to the end of 9999, a span lasts at
most 100 years, so that any sum of the two that a run makes can still be shown.
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


LONGEST = 36_525 * 86_400.0
"""Seconds a span may last: 100 years."""

LATEST = 253_402_300_799.0
"""The last second of the year 9999, the last one calendars can write."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def span(text: str | float) -> float:
    """Return the seconds of a span such as ``90s``, ``1h30m``, ``250ms``, ``2d`` or a plain number.

    Raises:
        Invalid: ``span_broken`` when the text is none of these, ``span_too_long`` for more than
            100 years.
    """
    seconds = _seconds(text)
    if seconds is None:
        raise Invalid(
            f"{text!r} is not a span of time.",
            code="span_broken",
            advice="Write a number and a unit, such as 250ms, 30s, 5m, 1h30m or 2d.",
        )
    if seconds > LONGEST:
        raise Invalid(
            f"{_shown(text)} is longer than 100 years.",
            code="span_too_long",
            advice="Write a shorter span; 36525d is the longest.",
        )
    return float(seconds)


def _seconds(text: str | float) -> float | None:
    """Return the seconds of what somebody wrote, None when it is no span."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return text if text >= 0 else None
    if isinstance(text, str):
        parts = _PART.findall(text)
        if parts and "".join(f"{number}{unit}" for number, unit in parts) == text.strip():
            return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return None


def _shown(given: str | float) -> str:
    """Return what somebody wrote, cut when nobody would read it to its end."""
    if isinstance(given, int) and abs(given) > 10**20:
        return "The number"
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


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


def instant(given: str | float) -> float:
    """Return the instant of an ISO 8601 text (without a zone it is UTC) or of seconds since 1970.

    Raises:
        Invalid: ``instant_broken`` when the text is no such date, ``instant_out_of_range`` when it
            lies before 1970 or after 9999.
    """
    at = _parsed(given) if isinstance(given, str) else given
    if not 0 <= at <= LATEST:
        raise Invalid(
            f"{_shown(given)} does not lie in the years 1970 to 9999.",
            code="instant_out_of_range",
            advice="Give a date of these years, or seconds since 1970, UTC.",
        )
    return float(at)


def _parsed(text: str) -> float:
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
    """Return an instant as ISO 8601 in UTC, to the millisecond.

    What no calendar has is shown as the nearest instant that one has: looking never fails.
    """
    bounded = min(at, LATEST) if at >= 0 else 0.0
    return datetime.fromtimestamp(bounded, UTC).isoformat(timespec="milliseconds")
