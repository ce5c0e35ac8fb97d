"""Social security numbers of the United States, and the tax numbers shaped like them."""

import re

from kapell.core.guardrails.detectors.detector import Detector, near

_WORDS = r"\b(?:ssn|s\.s\.n|social|security|taxpayer|tin|itin|tax id)"


def _parted(match: re.Match[str]) -> float:
    area, serial, gap = match["area"], match["serial"], match["gap"]
    if near(match, _WORDS):
        return 0.97
    if area in ("000", "666") or serial == "0000" or match["middle"] == "00":
        return 0.0
    if area[0] == "9" and match["middle"][0] not in "579":
        return 0.0
    return {"-": 0.85, ".": 0.5}.get(gap.strip(), 0.0)


def _whole(match: re.Match[str]) -> float:
    return 0.85 if near(match, _WORDS, 40) else 0.0


DETECTORS = (
    Detector(
        "pii",
        "ssn",
        r"(?P<area>\d(?<![\d.\-]\d)\d{2})(?P<gap> ?[-./_ ] ?)(?P<middle>\d{2})(?P=gap)"
        r"(?P<serial>\d{4})"
        r"(?!\d|[-.]\d)",
        digits=9,
        check=_parted,
    ),
    Detector(
        "pii",
        "ssn",
        r"\d(?<!\d\d)(?:[ \-._]{0,3}\d){8}(?!\d)",
        ("ssn", "social", "taxpayer", "itin", "s.s.n", "tax id"),
        digits=9,
        check=_whole,
    ),
)
