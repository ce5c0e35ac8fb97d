"""E-mail addresses, odd forms included: quoted names, bracketed addresses, ``at`` and ``dot``."""

import re

from kapell.core.guardrails.detectors.detector import Detector, compiled

_LOCAL = r"[^\W_](?:[\w.!#$%&'*+/=?^`{|}~\-]{0,62}[\w+\-])?"
_DOMAIN = r"(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9\-]{2,40}|[^\W\d_]{2,24})"
_BLANK = r"[ \t]{0,2}"
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
    r"|uk|us|de|fr|it|es|nl|be|at|ch|se|no|dk|fi|pl|cz|pt|ie|gr|ru|ua|br|mx|ar|ca|au|nz|in|jp|cn|kr|za)"
)
_VERSION = re.compile(r"v?\d{1,5}(?:\.\d|$)")
_PROGRAMS = frozenset({"git", "hg", "svn"})


def _usual(match: re.Match[str]) -> float:
    local, _, domain = match.group().rpartition("@")
    if local.lower() in _PROGRAMS and match.string[match.end() : match.end() + 1] in ":/":
        return 0.0  # git@host:owner/name is where a repository lies
    if _VERSION.match(domain):
        return 0.0  # name@1.2.0-beta.rc is a package
    return 0.98


def _spelled(match: re.Match[str]) -> float:
    """Two plain words around "at" are an address when there is a dot and a known ending."""
    at, dot = match["at"], match["dot"]
    if "@" in at and at.strip() == "@" and dot.strip() == "." and at == "@" and dot == ".":
        return 0.0  # the usual form has its own detector
    clear = any(mark in at for mark in "[({<@") or any(mark in dot for mark in "[({<")
    worded = compiled(r"dot", re.IGNORECASE).search(dot) is not None
    if clear or worded:
        return 0.85
    return 0.0


DETECTORS = (
    Detector("pii", "email", rf"{_LOCAL}@{_DOMAIN}(?![\w\-]*@)", ("@",), check=_usual),
    Detector(
        "pii",
        "email",
        r"\"[^\"\n@]{1,64}\"@(?:" + _DOMAIN + r"|[\w\-]{1,63})",
        ('"@',),
        score=0.95,
    ),
    Detector(
        "pii",
        "email",
        rf"(?:{_LOCAL}|\"[^\"\n]{{1,64}}\")@\[(?:IPv6:)?[0-9A-Fa-f:.]{{3,45}}\]",
        ("@[",),
        score=0.95,
    ),
    Detector(
        "pii",
        "email",
        rf"(?:{_LOCAL})@\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.])",
        ("@",),
        digits=4,
        score=0.8,
    ),
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
            " at ",
            "[at]",
            "(at)",
            "{at}",
            "<at>",
            "[ at",
            "( at",
            " @",
            "@ ",
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
