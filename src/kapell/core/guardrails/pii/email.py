"""E-mail addresses, odd forms included: quoted names, bracketed addresses, ``at`` and ``dot``."""

import re
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled

_MARKS = frozenset(".!#$%'*+^_~-")
_LONGEST = 64
_DOMAIN = r"(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9\-]{2,40}|[^\W\d_]{2,24})"
_LITERAL = r"\[(?:IPv6:)?[0-9A-Fa-f:.]{3,45}\]|\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
_AT = (
    r"(?:[ \t]{0,2}[\[({<][ \t]{0,2}(?:at|@|a)[ \t]{0,2}[\])}>][ \t]{0,2}|[ \t]{1,3}(?:at|AT)["
    r" \t]{1,3}|[ \t]{0,2}@[ \t]{0,2})"
)
_DOT = (
    r"(?:[ \t]{0,2}[\[({<][ \t]{0,2}(?:dot|\.|punkt|punto|point)[ \t]{0,2}[\])}>][ \t]{0,2}|["
    r" \t]{1,3}(?:dot|DOT)[ \t]{1,3}|[ \t]{0,2}\.[ \t]{0,2})"
)
_ENDINGS = (
    r"(?:com|org|net|edu|gov|mil|int|info|biz|io|ai|co|dev|app|me|eu|example|test|invalid|local"
    r"|uk|us|de|fr|it|es|nl|be|at|ch|se|no|dk|fi|pl|cz|pt|ie|gr|ru|ua|br|mx|ar|ca|au|nz|in|jp|cn"
    r"|kr|za)"
)
_VERSION = r"v?\d{1,5}(?:\.\d|$)"
_ADDRESS = r"://[^\s/@]{0,64}:$"
_PROGRAMS = frozenset({"git", "hg", "svn"})


def _search(text: str) -> Iterator[Span]:
    at = text.find("@")
    while at >= 0:
        if (start := _begin(text, at)) >= 0 and (end := _end(text, start, at)) > 0:
            yield start, end, 0.98
            at = text.find("@", max(at + 1, end - 1))
        else:
            at = text.find("@", at + 1)


def _begin(text: str, at: int) -> int:
    """Return where the name before an @ begins, -1 when there is none."""
    if text[at - 1 : at] == '"':
        quote = text.rfind('"', max(0, at - 66), at - 1)
        return quote if quote >= 0 and "\n" not in text[quote:at] and at - quote > 2 else -1
    start = at
    while (
        start > 0
        and at - start < _LONGEST
        and (text[start - 1].isalnum() or text[start - 1] in _MARKS)
    ):
        start -= 1
    while start < at and not text[start].isalnum():
        start += 1
    return start if start < at else -1


def _end(text: str, start: int, at: int) -> int:
    """Return where the domain after an @ ends, 0 when it is none."""
    domain = compiled(_DOMAIN).match(text, at + 1) or compiled(_LITERAL).match(text, at + 1)
    if domain is None:
        return 0
    if compiled(_VERSION).match(domain.group()) and not compiled(_LITERAL).fullmatch(
        domain.group()
    ):
        return 0  # name@1.2.0-beta.rc is a package
    if text[start:at].lower() in _PROGRAMS and text[domain.end() : domain.end() + 1] in (":", "/"):
        return 0  # git@host:owner/name is where a repository lies
    if compiled(_ADDRESS).search(text[max(0, start - 80) : start]):
        return 0  # user:password@host is what a secret's detector judges
    return domain.end()


def _spelled(match: re.Match[str]) -> float:
    """Two plain words around "at" are an address when there is a dot and a known ending."""
    at, dot = match["at"], match["dot"]
    if at == "@":
        return 0.0  # the usual form has its own search; a full stop and a word do not lengthen it
    clear = any(mark in at for mark in "[({<@") or any(mark in dot for mark in "[({<")
    worded = compiled(r"dot", re.IGNORECASE).search(dot) is not None
    return 0.85 if clear or worded else 0.0


DETECTORS = (
    Detector("pii", "email", needs=("@",), search=_search),
    Detector(
        "pii",
        "email",
        r"(?<![\w.])[^\W_][\w.+\-]{0,63}(?P<at>"
        + _AT
        + r")(?:[\w\-]{1,63}"
        + _DOT
        + r"){0,3}[\w\-]{1,63}"
        r"(?P<dot>" + _DOT + r")" + _ENDINGS + r"(?![\w\-])",
        (
            "[at]",
            "(at)",
            "{at}",
            "<at>",
            "[ at",
            "( at",
            " @",
            "@ ",
            "{dot}",
            "[@",
            "(@",
            " dot ",
            "[dot]",
            "(dot)",
        ),
        flags=re.IGNORECASE,
        check=_spelled,
    ),
)
