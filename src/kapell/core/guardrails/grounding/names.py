"""Names and identifiers in a text."""

import re
from functools import cache

import msgspec

from kapell.core.guardrails.grounding.dates import DAYS, MONTHS
from kapell.core.guardrails.grounding.lexicon import empty

_TITLES = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "professor", "sir", "lady", "lord", "st", "mt"]
)
_CALENDAR = frozenset(
    [
        *DAYS,
        *MONTHS,
        *(month[:3] for month in MONTHS),
        "sept",
        "i",
        "i'm",
        "i'll",
        "i've",
        "i'd",
        "ok",
        "yes",
        "no",
    ]
)

_OPENS = frozenset(".:\"'“„«\u2039\u2018「『\uff02")
"""After these a capital says nothing: a sentence or a quote begins."""


class Name(msgspec.Struct, frozen=True):
    """A capitalised word or an identifier at ``start``, in the form it is compared in.

    ``first`` says that it begins a sentence, so that it may be no name at all.
    """

    key: str
    start: int
    end: int
    first: bool = False
    code: bool = False


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+(?:[-./&_'\u2019][^\W_]+){0,12}")


@cache
def _measure() -> re.Pattern[str]:
    return re.compile(
        r"\d[\d.,]*(?:st|nd|rd|th|s|[ap]m|km|kg|cm|mm|mg|ml|gb|mb|tb|kw|mw|kwh|bn|mn|[kmgltwvh])?(?:/h)?"
        r"|\d[\d.,]*(?:-[^\W\d_]+){1,3}|\d[\d.,/'\u2019-]*",
        re.IGNORECASE,
    )


def names(text: str) -> list[Name]:
    """Return the names and identifiers of a sentence in order."""
    found: list[Name] = []
    begins = True
    for match in _pattern().finditer(text):
        word = match.group()
        if _is_code(word):
            found.append(Name(word.casefold(), match.start(), match.end(), code=True))
        elif word[0].isupper():
            found += _named(word, match.start(), first=begins)
        begins = (
            text[match.end() : match.end() + 2].strip()[:1] in _OPENS
            and (word.lower() not in _TITLES)
            and len(word) > 1
        )
    return found


def _is_code(word: str) -> bool:
    """Tell whether a word mixes letters and digits (an article number, a version)."""
    digits = any(one.isdigit() for one in word)
    letters = any(one.isalpha() for one in word)
    if not digits:
        return False
    if not letters:
        return word.count(".") >= 2 and not re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", word)
    return _measure().fullmatch(word) is None


def _named(word: str, start: int, *, first: bool) -> list[Name]:
    plain = word.replace("\u2019", "'").removesuffix("'s").removesuffix("'")
    found, at = [], start
    for part in plain.split("-"):
        key = part.casefold()
        lone = part[:1].isupper() and key not in _CALENDAR and key not in _TITLES
        common = first and key in empty()
        if lone and not common and (len(part) > 1 or not first):
            found.append(Name(key, at, at + len(part), first=first and not part[1:].isupper()))
        at += len(part) + 1
    return found
