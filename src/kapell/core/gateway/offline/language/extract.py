"""Facts that stand in a text: named values, addresses, dates, amounts."""

import functools
import itertools
import re
from collections.abc import Mapping
from datetime import date

from kapell.core.gateway.offline.language.words import name_words, stem

_KEY = re.compile(
    r"(?:^|[\n;,|(:])[ \t]*(?:[-*•][ \t]*)?"
    r"([A-Za-z][\w/-]{0,40}(?: [\w/-]{1,40}){0,3})[ \t]*[:=](?!//)"
)
_VALUE_END = re.compile(r"[\n;|]|(?<=\w)\.\s+(?=[A-Z])")
_EMAIL = re.compile(
    r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}"
)
_URL = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]")
_PHONE = re.compile(r"(?<![\w-])\+?\(?\d[\d ()./-]{6,16}\d(?![\w-])")
_NUMBER = re.compile(
    r"(?<![\w.,-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.,-])-?\d+(?:\.\d+)?(?!\w|[-/]\d)"
)
_SUM = r"(?<![\d,.])(\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,9})?|\d{1,15}(?:\.\d{1,9})?)"
_COIN = r"[$€£]|USD|EUR|GBP"
_MONEY = re.compile(rf"(?:{_COIN})\s?{_SUM}|{_SUM}\s?(?:{_COIN}|dollars|euros|pounds)(?!\w)")
_ID = re.compile(r"(?<!\w)#?([A-Z]{1,5}-?\d{2,}[\w-]*|\d{4,})(?!\w|[.,]\d)")
_HASH_ID = re.compile(r"#\s?([A-Za-z0-9][\w-]*)")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH_NUMBER = {name: number + 1 for number, name in enumerate(_MONTHS.split("|"))}
_WORDED = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?)?({_MONTHS})[a-z]*\.?"
    r"(?:\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d))?,?\s+(\d{4})\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:regards|thanks|thank you|cheers|sincerely|best|yours)[^\n]{0,20}[,!.\n]\s*"
    r"([A-Z][\w'\u2019-]+(?:\s+[A-Z][\w'\u2019-]+){0,2})\s*\Z",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:[Mm]y name is|[Tt]his is|I am|I['\u2019]m)\s+"
    r"([A-Z][\w'\u2019-]+(?:\s+[A-Z][\w'\u2019-]+){0,2})(?=[\s.,!]|\Z)"
)


_END = 120


@functools.lru_cache(maxsize=8)
def pairs(text: str) -> Mapping[str, str]:
    """Return the named values of a text (``Order: 17``) by their name's words."""
    found: dict[str, str] = {}
    start = 0
    matches: list[re.Match[str]] = []
    while match := _KEY.search(text, start):
        matches.append(match)
        # The colon just read may stand before the next key.
        start = match.end() - 1
    for match, after in itertools.zip_longest(matches, matches[1:]):
        rest = text[match.end() : after.start() if after else len(text)]
        key = " ".join(name_words(match[1]))
        value = (
            _VALUE_END.split(rest.lstrip(" \t"), maxsplit=1)[0].strip().strip("\"'").rstrip(",)")
        )
        if key and value.strip():
            found.setdefault(key, value.strip()[:300])
    return found


def named(found: Mapping[str, str], name: str) -> str | None:
    """Return the value of the pair whose name says the same as ``name``."""
    wanted = [stem(word) for word in name_words(name)]
    if not wanted:
        return None
    for key, value in found.items():
        if [stem(word) for word in key.split()] == wanted:
            return value
    for key, value in found.items():
        have = [stem(word) for word in key.split()]
        if have and (all(word in have for word in wanted) or all(word in wanted for word in have)):
            return value
    return None


def emails(text: str) -> list[str]:
    """Return the e-mail addresses, once each, in order."""
    return list(dict.fromkeys(_EMAIL.findall(text)))


def urls(text: str) -> list[str]:
    """Return the web addresses, once each, in order."""
    return list(dict.fromkeys(_URL.findall(text)))


def phones(text: str) -> list[str]:
    """Return what looks like telephone numbers."""
    found = [match.strip() for match in _PHONE.findall(text) if not _ISO.search(match)]
    return [number for number in found if 7 <= sum(c.isdigit() for c in number) <= 15]


def numbers(text: str) -> list[float]:
    """Return the numbers that stand alone, in order."""
    return [float(match.replace(",", "")) for match in _NUMBER.findall(text)]


def amounts(text: str) -> list[float]:
    """Return the sums of money, in order."""
    return [float((one or two).replace(",", "")) for one, two in _MONEY.findall(text)]


def identifiers(text: str) -> list[str]:
    """Return what looks like an order, invoice or ticket number."""
    return list(dict.fromkeys(_HASH_ID.findall(text) + _ID.findall(text)))


def dates(text: str) -> list[str]:
    """Return the dates, as ISO 8601, in the order they stand in."""
    found: list[tuple[int, str]] = []
    for match in _ISO.finditer(text):
        found += _dated(match.start(), int(match[1]), int(match[2]), int(match[3]))
    for match in _DAY_FIRST.finditer(text):
        first, second = int(match[1]), int(match[2])
        day, month = (second, first) if second > 12 else (first, second)
        found += _dated(match.start(), int(match[3]), month, day)
    for match in _WORDED.finditer(text):
        day_text = match[1] or match[3]
        if day_text:
            month = _MONTH_NUMBER[match[2].lower()[:3]]
            found += _dated(match.start(), int(match[4]), month, int(day_text))
    return list(dict.fromkeys(text for _, text in sorted(found)))


def _dated(at: int, year: int, month: int, day: int) -> list[tuple[int, str]]:
    try:
        return [(at, date(year, month, day).isoformat())]
    except ValueError:
        return []


def person(text: str) -> str | None:
    """Return the name of who wrote the text, when it is signed or says so."""
    match = _CALLED.search(text) or _SIGNED.search(text.rstrip()[-_END:])
    return match[1] if match else None
