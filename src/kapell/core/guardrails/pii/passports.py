"""Numbers of passports and licences: their shape says little, so a word beside them must."""

import re

from kapell.core.guardrails.detectors.detector import Detector

_VALUE = r"(?P<value>(?:[A-Z]{1,3}[ \-]?)?\d[A-Z0-9\-]{4,13}[A-Z0-9])(?![\w])"
_JOIN = r"[^\n0-9]{0,30}?(?<![A-Za-z0-9])"
_PASSPORT = (
    r"(?:pass?port\w*|passeport|pasaporte|passaporto|reisepass\w*|\u62a4\u7167"
    r"|\u30d1\u30b9\u30dd\u30fc\u30c8"
    r"|\u043f\u0430\u0441\u043f\u043e\u0440\u0442\w{0,3}|paspoort\w*|passaporte)"
)
_LICENCE = (
    r"(?:driv(?:er'?s?|ing) licen[cs]e|\bDLN?\b(?="
    r" ?(?:no|num|#|:))|f[\u00fcu]e?hrerschein\w*|permis de conduire"
    r"|licencia de conducir|patente di guida|identity card|id card|national id\b|personalausweis\w*"
    r"|carte d'identit\w|carta d'identit\w|\bdni\b|rijbewijs)"
)
_ZONE = (
    r"[PIAV][A-Z<][A-Z<]{3}[A-Z<]{20,39}\n"
    r"[A-Z0-9<]{9}\d[A-Z<]{3}\d{6}\d[MFX<]\d{6}\d[A-Z0-9<]{2,16}"
)


def _value(match: re.Match[str]) -> float:
    return 0.85 if sum(map(str.isdigit, match["value"])) >= 5 else 0.0


DETECTORS = (
    Detector(
        "pii",
        "passport",
        rf"{_PASSPORT}{_JOIN}{_VALUE}",
        (
            "passport",
            "pasport",
            "passeport",
            "pasaporte",
            "passaport",
            "reisepass",
            "paspoort",
            "\u62a4\u7167",
            "\u30d1\u30b9\u30dd\u30fc\u30c8",
            "\u043f\u0430\u0441\u043f\u043e\u0440\u0442",
        ),
        digits=5,
        check=_value,
        flags=re.IGNORECASE,
        group=1,
    ),
    Detector("pii", "passport", _ZONE, ("<<",), digits=10, score=0.95),
    Detector(
        "pii",
        "licence",
        rf"{_LICENCE}{_JOIN}{_VALUE}",
        (
            "licen",
            "dl",
            "hrerschein",
            "permis",
            "patente",
            "identity card",
            "id card",
            "national id",
            "personalausweis",
            "identit",
            "dni",
            "rijbewijs",
        ),
        digits=5,
        check=_value,
        flags=re.IGNORECASE,
        group=1,
    ),
)
