"""What stands beside a number and changes what it says: its sign, and to which side it is open."""

import re
from functools import cache
from typing import Literal, TypeAlias

Bound: TypeAlias = Literal["", "least", "most"]
"""Whether a number is said to be the least or the most, be it that itself or not."""

_NEAR = 40


@cache
def _minus() -> re.Pattern[str]:
    # A hyphen, the sign itself, and the short dash that many write for it.
    sign = "[-\u2212\u2013]"
    return re.compile(rf"(?:(?:^|[\s(]){sign}[$€£]?|(?<!\d )\b(?:minus|negative) [$€£]?)$", re.I)


@cache
def _below() -> re.Pattern[str]:
    return re.compile(
        r"\s?(?:°\s?[cf]?|degrees?)?(?: (?:celsius|fahrenheit|centigrade))?"
        r" below (?:zero|freezing)\b",
        re.IGNORECASE,
    )


@cache
def _falling() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:f[ae]ll(?:s|en|ing)?|drop\w{0,4}|declin\w{1,3}|decreas\w{1,3}|los[st]\w{0,3}|lose\w?|"
        r"shr[aiu]nk\w{0,3}|down|deficits?|debts?|below|under|slump\w{0,3}|cut|negative|minus)\b",
        re.IGNORECASE,
    )


@cache
def _level() -> re.Pattern[str]:
    return re.compile(r"\b(?:to|at|from|was|is) (?:minus |negative )?[^\w\s]{0,2}$", re.IGNORECASE)


@cache
def _bounds() -> re.Pattern[str]:
    least = (
        "no less than|no fewer than|not less than|not fewer than|at least|more than|greater than|"
        "upwards of|in excess of|a minimum of|over|above|exceeding|exceeds|exceeded"
    )
    most = (
        "no more than|not more than|at most|less than|fewer than|lower than|up to|a maximum of|"
        "just under|under|below|nearly|almost"
    )
    return re.compile(
        rf"\b(?:(?P<most>{most})|(?P<least>{least}))\s(?:[a-z]{{1,9}}\s)?[$€£]?$", re.I
    )


@cache
def _after() -> re.Pattern[str]:
    return re.compile(
        r"[^.;:!?\d]{0,24}?\bor (?:(?P<least>more|above|over)|(?P<most>less|fewer|below|under))\b",
        re.IGNORECASE,
    )


def is_negative(text: str, start: int, end: int) -> bool:
    """Tell whether the number between two places is one below zero."""
    before = text[max(0, start - 12) : start]
    return bool(_minus().search(before.rstrip("\n")) or _below().match(text, end))


def is_fall(text: str, start: int) -> bool:
    """Tell whether words beside a number say that it is a loss or a step down, not a level."""
    before = text[max(0, start - _NEAR) : start]
    return not _level().search(before) and bool(_falling().search(before + text[start:][:_NEAR]))


def bound_of(text: str, start: int, end: int) -> Bound:
    """Return to which side a number is open."""
    found = _bounds().search(text[max(0, start - _NEAR) : start]) or _after().match(text, end)
    if found is None:
        return ""
    return "least" if found["least"] else "most"
