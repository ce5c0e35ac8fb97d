"""Numbers in a text, written in digits or in words, with what they count."""

import re
from functools import cache

import msgspec

from kapell.core.guardrails.grounding.nearby import Bound, bound_of, is_fall, is_negative
from kapell.core.guardrails.grounding.stems import stem

_ONES = dict(
    zip(
        [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
            "eighteen", "nineteen",
        ],
        range(20),
        strict=False,
    )
)  # fmt: skip
_TENS = {
    word: 10 * place
    for place, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "dozen": 12.0,
}  # fmt: skip
_ORDINALS = {
    word: place
    for place, word in enumerate(
        [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth", "eleventh", "twelfth",
        ],
        1,
    )
}  # fmt: skip
_PARTS = {"half": 0.5, "third": 1 / 3, "thirds": 1 / 3, "quarter": 0.25, "quarters": 0.25,
          "fifth": 0.2, "fifths": 0.2, "tenth": 0.1, "tenths": 0.1}  # fmt: skip
_TIMES = {"twice": 2.0, "double": 2.0, "doubled": 2.0, "triple": 3.0, "tripled": 3.0,
          "thrice": 3.0, "quadrupled": 4.0, "halved": 0.5}  # fmt: skip

_UNITS = {
    name: unit
    for unit, names in {
        "%": "% percent pct",
        "$": "$ dollar usd",
        "eur": "€ euro eur",
        "gbp": "£ pound gbp sterling",
        "km": "km kilometr kilomet",
        "m": "metr meter m",
        "cm": "cm centimetr centimet",
        "mm": "mm millimetr millimet",
        "mi": "mile mil mi",
        "ft": "ft foot",
        "kg": "kg kilogram kilo",
        "g": "g gram",
        "mg": "mg milligram",
        "µg": "µg μg mcg microgram",
        "t": "tonn ton t",
        "l": "l litr liter",
        "ml": "ml millilitr millilit",
        "s": "second sec s",
        "min": "minut min",
        "h": "hour h hr",
        "day": "dai day",
        "week": "week",
        "month": "month",
        "year": "year yr",
        "deg": "degre ° celsius °c °f fahrenheit c f",
        "w": "watt w",
        "kw": "kw kilowatt",
        "mw": "mw megawatt",
        "kwh": "kwh",
        "mb": "mb megabyt",
        "gb": "gb gigabyt",
        "tb": "tb terabyt",
        "ha": "ha hectar",
        "v": "v volt",
        "hz": "hz hertz",
        "km/h": "km/h kph",
    }.items()
    for name in names.split()
}

_LETTERS = frozenset({"g", "l", "v"})
"""Units of one letter that mean nothing else behind a number and a blank."""

_ABOUT = frozenset(
    [
        "about",
        "around",
        "roughly",
        "approximately",
        "some",
        "nearly",
        "almost",
        "over",
        "under",
        "close",
        "circa",
    ]
)


class Number(msgspec.Struct, frozen=True):
    """A number at ``start``: its value, its unit or the stem of what it counts, how exact it is.

    ``sort`` is ``count``, ``order`` (the third), ``share`` (a third), ``times`` (twice) or
    ``clock`` (minutes after midnight). ``weak`` ones (`one`) may be no number at all. Of a ``fall``
    the sign may be left to words; ``bound`` says to which side it is open.
    """

    value: float
    start: int
    end: int
    unit: str = ""
    noun: str = ""
    sort: str = "count"
    about: bool = False
    weak: bool = False
    fall: bool = False
    bound: Bound = ""


@cache
def _digits() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w.,])[$€£]?\s?(?P<number>"
        r"\d{1,3}(?:[,   ']\d{3}){1,5}(?:\.\d{1,6})?|\d{1,15}(?:[.,]\d{1,9})?)"
        r"(?P<tail>(?:st|nd|rd|th)(?![a-z])|(?:\s?(?:%|°\s?[CF]?))|(?:bn|mn|km/h|kph|kwh|k|m|[a-zA-Z]{1,3})(?![a-zA-Z\d]))?"
        r"(?![\d]|[.,]\d)"
    )


@cache
def _clock() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w:.])(?:(?P<h>\d{1,2})[:.](?P<m>[0-5]\d)(?::[0-5]\d)?(?![\d%])(?:\s?(?P<ap>[ap])\.?m\b\.?)?"
        r"|(?P<h2>\d{1,2})\s?(?P<ap2>[ap])\.?m\b\.?)|\b(?P<word>noon|midday|midnight)\b",
        re.IGNORECASE,
    )


@cache
def _words() -> re.Pattern[str]:
    names = "|".join(sorted([*_ONES, *_TENS], key=len, reverse=True))
    scales = "hundred|thousand|million|billion|trillion|dozen"
    return re.compile(
        rf"\b(?:(?:{names})|an?\s(?:{scales}))(?:(?:[-\s]|\sand\s)(?:{names}|{scales})\b){{0,9}}\b",
        re.IGNORECASE,
    )


@cache
def _loose() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join([*_ORDINALS, *_TIMES, *_PARTS])})\b", re.IGNORECASE)


@cache
def _after() -> re.Pattern[str]:
    return re.compile(
        r"[\s-]{0,3}(?:(?P<scale>hundred|thousand|million|billion|trillion|dozen|bn|mn)\b[\s-]{0,2})?"
        r"(?P<rest>(?:%|°\s?[CF]?|[€£$]|per\s?cent\b|[^\W\d_]+(?:/h)?)?(?:[\s-]{1,2}[^\W\d_]+){0,2})",
        re.IGNORECASE,
    )


def numbers(text: str, taken: list[tuple[int, int]]) -> list[Number]:
    """Return the numbers of a text outside of the spans that are dates or identifiers."""
    found: list[Number] = []
    spans = list(taken)

    def free(start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in spans)

    for match in _clock().finditer(text):
        clock = _minutes(match)
        if clock is not None and free(*match.span()):
            found.append(Number(clock, *match.span(), sort="clock"))
            spans.append(match.span())
    for match in _digits().finditer(text):
        if free(match.start("number"), match.end("number")):
            found.append(_counted(match, text))
            spans.append(match.span())
    for match in _words().finditer(text):
        if free(*match.span()):
            value = _spoken(match.group())
            weak = match.group().lower() == "one"
            found.append(_measured(value, match.start(), match.end(), text, weak=weak))
            spans.append(match.span())
    for match in _loose().finditer(text):
        if free(*match.span()):
            one = _part(match, text)
            if one is not None:
                found.append(one)
    return sorted((_beside(one, text) for one in found), key=lambda one: one.start)


def _beside(one: Number, text: str) -> Number:
    """Return a number with what is said beside it: below zero, more than, nearly."""
    if one.sort != "count" or one.weak:
        return one
    start = one.start
    while start < one.end and text[start].isspace():
        start += 1
    bare = start + 1 if text[start : start + 1] in ("$", "€", "£") else start
    negative = is_negative(text, start, one.end) or is_negative(text, bare, one.end)
    return msgspec.structs.replace(
        one,
        value=-one.value if negative else one.value,
        fall=is_fall(text, start),
        bound=bound_of(text, start, one.end),
    )


def _minutes(match: re.Match[str]) -> float | None:
    word = (match["word"] or "").lower()
    if word:
        return 0.0 if word == "midnight" else 720.0
    hour, minute = int(match["h"] or match["h2"]), int(match["m"] or 0)
    half = (match["ap"] or match["ap2"] or "").lower()
    if match["h"] and not half and "." in match.group():
        return None
    if hour > 24 or (half and hour > 12):
        return None
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    return float(hour * 60 + minute)


def value_of(written: str) -> float:
    """Return the value of a number in digits, whatever stands between its thousands."""
    plain = re.sub(r"[   ']", "", written)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    return float(plain.replace(",", "."))


def _counted(match: re.Match[str], text: str) -> Number:
    value, tail = value_of(match["number"]), (match["tail"] or "").strip().lower()
    start, end = match.span()
    sign = match.group().lstrip()[:1]
    if tail in ("st", "nd", "rd", "th"):
        return Number(value, start, end, noun=_noun(text, end), sort="order")
    if tail in _SCALES:
        # "5 m" may be metres or millions: after money it is millions
        if tail != "m" or sign in "$€£":
            value *= _SCALES[tail]
            tail = ""
        else:
            return Number(value, start, end, unit="m", about=_is_about(text, start))
    if tail in _UNITS:
        return Number(value, start, end, unit=_UNITS[tail], about=_is_about(text, start))
    if tail:
        end = match.end("number")
    money = {"$": "$", "€": "eur", "£": "gbp"}.get(sign, "")
    return _measured(value, start, end, text, unit=money)


def _measured(
    value: float, start: int, end: int, text: str, *, unit: str = "", weak: bool = False
) -> Number:
    match = _after().match(text, end)
    noun = ""
    if match is not None:
        if match["scale"]:
            value *= _SCALES[match["scale"].lower()]
        rest = match["rest"].lower().replace("per cent", "%").split()
        words = [part for one in rest for part in one.replace("-", " ").split()]
        for word in words[:2]:
            if not unit and (word[:1] in _UNITS and not word.isalpha()):
                unit = _UNITS[word[:1]]
            elif not unit and word == words[0] and word in _LETTERS and rest[0] == word:
                unit = word
                break
            elif not unit and stem(word) in _UNITS and len(word) > 1:
                unit = _UNITS[stem(word)]
                break
        noun = next((stem(word) for word in words if len(word) > 3), "")
    return Number(value, start, end, unit, noun, "count", _is_about(text, start), weak)


def _noun(text: str, end: int) -> str:
    match = _after().match(text, end)
    words = match["rest"].lower().replace("-", " ").split() if match is not None else []
    return next((stem(word) for word in words if len(word) > 3), "")


def _is_about(text: str, start: int) -> bool:
    before = text[max(0, start - 24) : start].lower().replace("-", " ").split()
    return bool(_ABOUT.intersection(before[-2:])) or before[-2:] in (
        ["more", "than"],
        ["less", "than"],
    )


def _spoken(words: str) -> float:
    """Return the value of a number in words."""
    total, part = 0.0, 0.0
    for word in words.lower().replace("-", " ").split():
        if word in _ONES:
            part += _ONES[word]
        elif word in _TENS:
            # "nineteen eighty-four" and "twenty twenty" are years
            part = part * 100 + _TENS[word] if 10 <= part < 100 else part + _TENS[word]
        elif word in ("hundred", "dozen"):
            part = max(part, 1) * _SCALES[word]
        elif word in _SCALES:
            total += max(part, 1) * _SCALES[word]
            part = 0.0
    return total + part


def _part(match: re.Match[str], text: str) -> Number | None:
    word, start, end = match.group().lower(), match.start(), match.end()
    before = text[max(0, start - 10) : start].lower().replace("-", " ").split()
    last = before[-1] if before else ""
    if word in _TIMES:
        return Number(_TIMES[word], start, end, sort="times")
    count = _ONES.get(last, 1 if last in ("a", "one") else 0)
    if word in _PARTS and (count or word == "half" or word.endswith("s")):
        share, weak = _PARTS[word] * max(count, 1), word == "half"
        return Number(share, start, end, noun=_noun(text, end), sort="share", weak=weak)
    if word in _ORDINALS and word != "first":
        return Number(float(_ORDINALS[word]), start, end, noun=_noun(text, end), sort="order")
    if word == "first":
        return Number(1.0, start, end, noun=_noun(text, end), sort="order", weak=True)
    return None
