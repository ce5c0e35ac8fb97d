"""Signed tokens, credentials in addresses and headers."""

import re

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.secrets.placeholders import placeholder


def _address(match: re.Match[str]) -> float:
    word = match["word"]
    return 0.0 if placeholder(word) or (word.isdigit() and len(word) < 6) else 0.95


def _header(match: re.Match[str]) -> float:
    word = match["word"]
    return 0.0 if placeholder(word) or word.isalpha() else 0.9


DETECTORS = (
    Detector(
        "secret",
        "signed_token",
        r"eyJ[A-Za-z0-9_\-]{8,400}\.(?:eyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)?|[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]+){2,3})",
        ("eyj",),
        score=0.98,
    ),
    Detector(
        "secret",
        "url_credentials",
        r"[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://(?P<who>[^\s/:@'\"<>]{0,64}:(?P<word>[^\s/@'\"<>]{1,128}))@",
        ("://",),
        check=_address,
        group=1,
    ),
    Detector(
        "secret",
        "authorization",
        r"(?:authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?)?(?:bearer|basic|token)\s{1,3}(?P<word>[A-Za-z0-9_\-.~+/]{12,}={0,2})",
        ("bearer ", "basic ", "authorization"),
        flags=re.IGNORECASE,
        check=_header,
        group=1,
    ),
)
