"""Dates in a text, however they are written."""

import re
from functools import cache

import msgspec

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SHORT = {name[:3]: place for place, name in enumerate(MONTHS, 1)} | {"sept": 9}
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Date(msgspec.Struct, frozen=True):
    """A date at ``start``; what it does not say is 0. ``week`` is the day of the week from 1.

    ``swapped`` says that day and month may be the other way round, ``span`` how many years are
    meant: 10 of a decade.
    """

    start: int
    end: int
    year: int = 0
    month: int = 0
    day: int = 0
    week: int = 0
    swapped: bool = False
    span: int = 1


@cache
def _pattern() -> re.Pattern[str]:
    month = (
        r"January|February|March|April|May|June|July|August|September|October|November|December"
        r"|JANUARY|FEBRUARY|MARCH|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER"
        r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
    )
    day = r"(?P<{}>[0-3]?\d)(?:st|nd|rd|th)?"
    year = r"(?P<{}>[12]\d{{3}})"
    return re.compile(
        r"(?<![\w])(?:"
        rf"(?P<y1>[12]\d{{3}})-(?P<m1>[01]\d)-(?P<d1>[0-3]\d)(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?"
        rf"|(?P<a2>[0-3]?\d)[/.](?P<b2>[01]?\d|[0-3]?\d)[/.](?P<y2>[12]\d{{3}})"
        rf"|(?:the\s)?{day.format('d3')}\s(?:of\s)?(?P<m3>{month})(?:,?\s{year.format('y3')})?"
        rf"|(?P<m4>{month})\s{day.format('d4')}(?!\d)(?:,?\s{year.format('y4')})?"
        rf"|(?P<m5>{month})(?:,?\s(?:of\s)?{year.format('y5')})?"
        rf"|(?P<dec>[12]\d{{2}}0)s"
        rf"|(?P<y6>1[0-9]\d{{2}}|20\d{{2}})(?![\d%]|[.,]\d|\s?(?:%|per\s?cent|km|kg|metres|meters|people|litres))"
        rf"|(?P<w>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)"
        r")(?!\w)"
    )


def dates(text: str) -> list[Date]:
    """Return the dates of a text in order."""
    found = []
    for match in _pattern().finditer(text):
        one = _date(match, text)
        if one is not None:
            found.append(one)
    return found


def _month(word: str) -> int:
    return _SHORT[word.lower().rstrip(".")[:3]]


def _date(match: re.Match[str], text: str) -> Date | None:
    start, end = match.span()
    if match["y1"]:
        return Date(start, end, int(match["y1"]), int(match["m1"]), int(match["d1"]))
    if match["y2"]:
        first, second = int(match["a2"]), int(match["b2"])
        if second > 12:
            return Date(start, end, int(match["y2"]), first, second)
        both = first <= 12 and "/" in match.group()
        return Date(start, end, int(match["y2"]), second, first, swapped=both)
    if match["m3"]:
        return Date(start, end, int(match["y3"] or 0), _month(match["m3"]), int(match["d3"]))
    if match["m4"]:
        return Date(start, end, int(match["y4"] or 0), _month(match["m4"]), int(match["d4"]))
    if match["m5"]:
        # "May" and "March" that begin a sentence may be words
        begins = not text[:start].strip() or text[:start].rstrip()[-1:] in ".!?"
        if not match["y5"] and begins and match["m5"].lower() in ("may", "march", "mar"):
            return None
        return Date(start, end, int(match["y5"] or 0), _month(match["m5"]))
    if match["dec"]:
        return Date(start, end, int(match["dec"]), span=10)
    if match["y6"]:
        return _year(match, text)
    word = match["w"].lower().removesuffix("s")
    return Date(start, end, week=DAYS.index(word) + 1)


def _year(match: re.Match[str], text: str) -> Date | None:
    """Return a lone year; four digits after a sign of money or before a unit are none."""
    before = text[max(0, match.start() - 2) : match.start()]
    if any(sign in before for sign in "$€£#") or before.endswith((",", "'")):
        return None
    return Date(match.start(), match.end(), int(match["y6"]))


def agrees(said: Date, told: Date) -> bool:
    """Tell whether a source's date says all that an answer's says, and nothing else."""
    if said.week or told.week:
        return said.week == told.week
    if said.span == 10 or told.span == 10:
        wide, other = (said, told) if said.span == 10 else (told, said)
        return wide.year <= other.year < wide.year + 10 and said.span >= told.span
    if said.year and told.year and said.year != told.year:
        return False
    if said.year and not told.year:
        return False
    pairs = {(told.month, told.day)}
    if told.swapped:
        pairs.add((told.day, told.month))
    if said.swapped:
        pairs |= {(day, month) for month, day in pairs}
    return any(
        (not said.month or said.month == month) and (not said.day or said.day == day)
        for month, day in pairs
    )
