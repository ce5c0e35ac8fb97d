"""What a detector is: an expression, what must be there before it is tried, and a check.

Expressions are linear: every repetition has a bound and none stands in another of the same
characters. They are compiled when a text first needs them, so that a program starts without them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from kapell.core.guardrails.findings import Family, Finding

Check: TypeAlias = Callable[[re.Match[str]], float]
"""How sure a match is, from 0 (it is none) to 1."""

Span: TypeAlias = tuple[int, int, float]
"""Where something stands and how sure that is."""

_Search: TypeAlias = Callable[..., re.Match[str] | None]

LAST = -1
"""The group of a detector whose expression has the thing in one of several places."""

_NEAR = 60


class Detector(NamedTuple):
    """Recognises one kind of thing.

    ``needs``: one of these lower-case words must be in the text, else it is not searched; none
    means any text. ``digits``: so many digits must be in it. ``group``
    is the part of the match that is the thing, ``LAST`` the last group that took part.
    ``search`` is used instead of ``pattern`` where an expression does not do.
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


def found(detector: Detector, text: str, lower: str) -> Iterable[Finding]:
    """Return what a detector finds in a text, given the text in small letters too."""
    if detector.search is not None:
        spans = detector.search(text)
    else:
        searches = _searches(detector.pattern, detector.flags)
        small = searches.small if len(lower) == len(text) else None
        search = small or searches.exact
        # Most texts hold nothing: then no more than this one search is spent.
        match = search(text if small is None else lower)
        if match is None:
            return ()
        spans = _matches(detector, text, search, match, small is not None)
    family, kind = detector.family, detector.kind
    return [Finding(family, kind, start, end, score) for start, end, score in spans]


def _matches(
    detector: Detector, text: str, search: _Search, match: re.Match[str] | None, small: bool
) -> Iterator[Span]:
    pattern = compiled(detector.pattern, detector.flags)
    while match is not None:
        begin = match.start()
        seen = (pattern.match(text, begin) or match) if small else match
        score = detector.score if detector.check is None else detector.check(seen)
        group = (seen.lastindex or 0) if detector.group == LAST else detector.group
        start, end = seen.span(group)
        if score > 0 and start < end:
            yield start, end, score
            match = search(match.string, max(end, begin + 1))
        else:  # what was no find may hide one that begins inside of it
            match = search(match.string, begin + 1)


class _Searches(NamedTuple):
    """How an expression is looked for: ``small`` in small letters, where case does not count.

    Small letters are searched many times faster than letters of any case.
    """

    exact: _Search
    small: _Search | None


@cache
def _searches(pattern: str, flags: int) -> _Searches:
    small = None
    if flags & re.IGNORECASE:
        small = compiled(small_letters(pattern), flags & ~re.IGNORECASE).search
    return _Searches(compiled(pattern, flags).search, small)


@cache
def small_letters(pattern: str) -> str:
    """Return an expression with its letters small; escapes and names of groups stay."""
    return re.sub(r"\\.|\(\?P|[A-Z]", _small, pattern)


def _small(match: re.Match[str]) -> str:
    said = match.group()
    return said.lower() if len(said) == 1 else said


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
