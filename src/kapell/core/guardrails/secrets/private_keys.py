"""Private keys, whole: with quoted or escaped lines, and those whose end was cut off."""

from bisect import bisect_left
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled

BEGIN = r"-{2,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{2,5}"
"""The first line of a private key."""

END = r"-{2,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{2,5}"
"""The last line of one."""

LONGEST = 20_000
"""Characters between them."""

_LINES = (
    r"(?:(?:[\s>|*#\"',+]|\\[nr]){1,12}[A-Za-z0-9+/=]{16,200}){0,400}(?:(?:[\s>|*#\"',+]|\\[nr]){1,12}[A-Za-z0-9+/=]{1,200}(?!["
    r" \w]))?"
)


def _search(text: str) -> Iterator[Span]:
    ends = [match.end() for match in compiled(END).finditer(text)]
    at = 0
    while begin := compiled(BEGIN).search(text, at):
        end = bisect_left(ends, begin.end() + 1)
        if end < len(ends) and ends[end] <= begin.end() + LONGEST:
            at = ends[end]
        else:
            rest = compiled(_LINES).match(text, begin.end())
            at = rest.end() if rest else begin.end()
        yield begin.start(), at, 0.99


DETECTORS = (
    Detector("secret", "private_key", needs=("private key",), search=_search),
    Detector(
        "secret",
        "private_key",
        r"[A-Za-z0-9+/]{4,60}IBADANBgkqhkiG9w0BAQEFAASC[A-Za-z0-9+/=\s>]{20,20000}",
        ("gkqhkig9w0baqefaasc",),
        score=0.95,
    ),
    Detector(
        "secret",
        "private_key",
        r"PuTTY-User-Key-File-\d[\s\S]{0,8000}?Private-MAC: ?[0-9a-f]{20,128}",
        ("putty-user-key-file",),
        score=0.99,
    ),
)
