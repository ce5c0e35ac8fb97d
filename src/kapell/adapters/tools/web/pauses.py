"""How long a server asks us to wait."""

import re

_LONGEST = 86_400.0
_SECONDS = re.compile(r"\s*(\d{1,9})(?:\.\d{1,9})?\s*", re.ASCII)


def pause_of(retry_after: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``, at most a day; None when it names none.

    Dates are not read: the clocks of two machines differ by more than most pauses last.
    """
    found = _SECONDS.fullmatch(retry_after or "")
    return min(float(found[0]), _LONGEST) if found else None
