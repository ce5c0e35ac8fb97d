"""What a detector is: an expression, what must be there before it is tried, and a check.

Expressions are linear: every repetition has a bound and none stands in another of the same
characters. They are compiled when a text first needs them, so that a program starts without them.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from kapell.core.guardrails.findings import Family, Finding

Check: TypeAlias = Callable[[re.Match[str]], float]
"""How sure a match is, from 0 (it is none) to 1."""

Span: TypeAlias = tuple[int, int, float]
"""Where something stands and how sure that is."""

LAST = -1
"""The group of a detector whose expression has the thing in one of several places."""

_NEAR = 60


class Detector(NamedTuple):
    """Recognises one kind of thing.

    ``needs``: one of these lower-case words must be in the text, else it is not searched; none
    means any text. ``digits``: so many digits must be in it. ``group`` is the part of the match
    that is the thing, ``LAST`` the last group that took part. ``search`` is used instead of
    ``pattern`` where an expression does not do.
    """

    family: Family
    kind: str
    pattern: str = ""
    needs: tuple[str, ...] = ()
    digits: int = 0
    score: float = 1.0
    check: Check | None = None
    group: int = 0
    flags: int = 0
    search: Callable[[str], Iterator[Span]] | None = None


class Traits(NamedTuple):
    """What is known of a text before any expression is tried."""

    lower: str
    digits: int


def traits_of(text: str) -> Traits:
    """Return what decides which detectors are tried."""
    return Traits(text.lower(), sum(map(text.count, "0123456789")))


def may_find(detector: Detector, traits: Traits) -> bool:
    """Tell whether a text has what a detector needs."""
    if traits.digits < detector.digits:
        return False
    if not detector.needs:
        return True
    lower = traits.lower
    return any(word in lower for word in detector.needs)


def found(detector: Detector, text: str) -> Iterator[Finding]:
    """Yield what a detector finds in a text."""
    spans = detector.search(text) if detector.search else _matches(detector, text)
    for start, end, score in spans:
        yield Finding(detector.family, detector.kind, start, end, score)


def _matches(detector: Detector, text: str) -> Iterator[Span]:
    search = compiled(detector.pattern, detector.flags).search
    match = search(text)
    while match is not None:
        score = detector.score if detector.check is None else detector.check(match)
        group = (match.lastindex or 0) if detector.group == LAST else detector.group
        start, end = match.span(group)
        if score > 0 and start < end:
            yield start, end, score
            match = search(text, max(end, match.start() + 1))
        else:  # what was no find may hide one that begins inside of it
            match = search(text, match.start() + 1)


@cache
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return an expression, compiled once."""
    return re.compile(pattern, flags)


def before(match: re.Match[str], words: str, reach: int = _NEAR) -> bool:
    """Tell whether one of some words (an expression) stands shortly before a match."""
    return beside(match.string, match.start(), match.end(), words, reach, 0)


def near(match: re.Match[str], words: str, reach: int = _NEAR) -> bool:
    """Tell whether one of some words (an expression) stands shortly before or after a match."""
    return beside(match.string, match.start(), match.end(), words, reach, reach)


def beside(text: str, start: int, end: int, words: str, ahead: int, after: int) -> bool:
    """Tell whether one of some words stands within reach of ``text[start:end]``."""
    search = compiled(words, re.IGNORECASE).search
    if search(text[max(0, start - ahead) : start]):
        return True
    return bool(after) and search(text[end : end + after]) is not None
