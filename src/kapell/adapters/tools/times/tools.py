"""The tool ``time.now``."""

import time
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.times.specs import TIME_NOW
from kapell.kit.errors import Missing
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class TimeNow:
    """``time.now``: the machine's time, as the log keeps it."""

    spec = TIME_NOW

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the time.

        Raises:
            Missing: ``time_zone_unknown``.
        """
        name = str(arguments(call).get("zone") or "UTC")
        unix = int(self._now() * 1000) / 1000
        at = datetime.fromtimestamp(unix, _zone(name))
        return ToolResult(
            output={
                "iso": at.isoformat(timespec="milliseconds"),
                "unix": unix,
                "zone": name,
                "date": at.date().isoformat(),
                "time": at.strftime("%H:%M:%S"),
                "weekday": _DAYS[at.weekday()],
                "offset": at.strftime("%z")[:3] + ":" + at.strftime("%z")[3:5],
            }
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        close = get_close_matches(name, available_timezones(), 1)
        hint = f"Did you mean {close[0]!r}?" if close else "Give an IANA name such as Europe/Rome."
        raise Missing(
            f"There is no time zone {name!r}.", code="time_zone_unknown", advice=hint
        ) from error
