"""The time of a question, in the parts rules compare."""

from datetime import UTC, datetime, tzinfo
from typing import get_args

from kapell.core.policies.asking.documents import TimePart, Weekday

_DAYS: tuple[Weekday, ...] = get_args(Weekday)


def time_part(unix: float, zone: tzinfo = UTC) -> TimePart:
    """Return seconds since 1970 as rules read them."""
    at = datetime.fromtimestamp(int(unix), zone)
    return TimePart(
        iso=at.isoformat(),
        unix=int(unix),
        date=at.date().isoformat(),
        hour=at.hour,
        minute=at.minute,
        weekday=_DAYS[at.weekday()],
    )
