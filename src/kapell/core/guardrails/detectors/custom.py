"""Things of an author's own, as expressions of RE2: its time grows with the text alone."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kapell.core.guardrails.detectors.detector import Span
from kapell.kit.errors import Invalid

if TYPE_CHECKING:
    import re2

LONGEST = 500
"""Characters of an expression."""

ADVICE = "Mend the rules of the guardrail; see the how-to page know-what-is-redacted."
_MEMORY = 8 * 1024 * 1024


def check(name: str, pattern: str) -> None:
    """Refuse an expression that cannot be searched for in strangers' texts.

    Raises:
        Invalid: ``guard_rules_broken``.
    """
    if not pattern or len(pattern) > LONGEST:
        raise _broken(name, f"is empty or longer than {LONGEST} characters")
    if _pattern(pattern, name).search("") is not None:
        raise _broken(name, "fits the empty text, so it fits everywhere")


def matches(name: str, pattern: str, text: str) -> Iterator[Span]:
    """Yield where an expression fits."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for match in _pattern(pattern, name).finditer(whole):
        if match.start() < match.end():
            yield match.start(), match.end(), 0.95


@lru_cache(maxsize=256)
def _pattern(pattern: str, name: str) -> "re2._Regexp":
    import re2  # noqa: PLC0415 - native code that few programs need

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise _broken(
            name, "is no expression of RE2 (no look-around, no back references) or too big"
        ) from error


def _broken(name: str, why: str) -> Invalid:
    return Invalid(f"The pattern {name} {why}.", code="guard_rules_broken", advice=ADVICE)
