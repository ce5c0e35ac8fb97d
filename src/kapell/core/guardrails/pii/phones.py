"""Phone numbers: international, North American, and national ones beside a word that says so."""

import re

from kapell.core.guardrails.detectors.detector import Detector, before, beside

_WORDS = (
    r"\b(?:tel(?:e?(?:f|ph)on\w*|\b)|phones?\b|mobiles?\b|mob\b|cell(?:ular|phone)?\b|fax|call"
    r"(?:ed|ing)?\b|dial|text"
    r" me|sms"
    r"|whats"
    r" ?app|signal|handy|rufnummer|r[u\u00fc]ckruf|anruf\w*|portable|appel\w*|m[o\u00f3]vil|celular"
    r"|tel[e\u00e9]fono"
    r"|cellulare|telefone|numero|n[u\u00fa]mero|reach (?:me|us|him|her)|contact|hotline|desk|ring)"
    r"|\u7535\u8bdd|\u624b\u673a|\u96fb\u8a71|\uc804\ud654|\u0442\u0435\u043b"
    r"|\u0647\u0627\u062a\u0641"
)
_OTHERS = (
    r"(?:order|invoice|ticket|tracking|serial|sku|part|ref(?:erence)?|isbn|issn|ean|upc|version"
    r"|build|item"
    r"|model|case|id|account|acct|batch|lot|page|line|commit|bug|issue|no|nr|number|doi|zip|port"
    r"|size|year)"
    r"(?:\s(?:no|number|id|nr|#))?[.:#]?\s{0,2}#?$"
)
_GAP = r"[ \t.\-/\u00b7]{0,2}"
_INTERNATIONAL = (
    rf"(?<![\w+])\+{_GAP}[1-9]{_GAP}(?:\(0\)|\(?\d\)?){_GAP}(?:\(?\d\)?{_GAP}){{4,12}}\d(?!\d)"
)
_NORTH = (
    r"(?<![\w.\-+/=])(?:(?:\+?1|001)[ .\-]?)?(?P<open>\()?[2-9]\d{2}(?(open)\))[ .\-]{0,2}"
    r"[2-9]\d{2}[ .\-][0-9]{4}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w\-]|\.\d)"
)
_LOOSE = rf"[\d(](?<![\w.,][\d(])(?:{_GAP}[()]?\d){{6,15}}(?![\w]|[.,]\d)"


def _international(match: re.Match[str]) -> float:
    digits = sum(map(str.isdigit, match.group()))
    if not 7 <= digits <= 15:
        return 0.0
    if digits < 9 and not before(match, _WORDS):
        return 0.0
    return 0.95


def _north(match: re.Match[str]) -> float:
    if before(match, _WORDS):
        return 0.95
    if before(match, _OTHERS, 20):
        return 0.0
    said = match.group()
    return 0.85 if any(mark in said for mark in "()-") else 0.5 if "." in said else 0.0


def _loose(match: re.Match[str]) -> float:
    digits = sum(map(str.isdigit, match.group()))
    start, end = match.span()
    if not 7 <= digits <= 15 or before(match, _OTHERS, 12):
        return 0.0
    if beside(match.string, start, end, _WORDS, 40, 20):
        return 0.8
    return 0.0


def _abroad(match: re.Match[str]) -> float:
    return 0.8 if not before(match, _OTHERS, 20) else 0.0


DETECTORS = (
    Detector("pii", "phone", _INTERNATIONAL, ("+",), digits=7, check=_international),
    Detector("pii", "phone", _NORTH, digits=10, check=_north),
    Detector(
        "pii",
        "phone",
        r"0(?<![\w.,]0)0[1-9]\d{0,2}[ .\-/](?:\(?\d\)?[ .\-/]{0,2}){6,11}\d(?!\w|[.,]\d)",
        digits=9,
        check=_abroad,
    ),
    Detector(
        "pii",
        "phone",
        r"0(?<![\w.,:]0)(?<![0-9A-Fa-f] 0)\d{1,4}(?:[ ]\d{2}){3,4}(?!\w|[.,:]\d| \d)|"
        r"(?<![\w.,])\(0\d{1,5}\) ?\d[\d"
        r" \-]{4,10}\d(?!\w)"
        r"|(?<![\w.,:])0(?:20[ ]\d{4}[ ]\d{4}|7\d{3}[ ]\d{3}[ ]?\d{3}|1\d{2,3}["
        r" /\-]\d{6,8})(?!\w|[.,:]\d)",
        digits=9,
        score=0.75,
    ),
    Detector("pii", "phone", _LOOSE, digits=7, check=_loose, flags=re.IGNORECASE),
)
