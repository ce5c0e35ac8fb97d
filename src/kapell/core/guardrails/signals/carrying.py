"""Orders to carry data out: a verb of sending, what is to be sent, a way out, and secrecy.

One word of these means nothing; the sentence around the verb is weighed. Talk about it ("never
send", "how do I send") is no order.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import TypeAlias

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled
from kapell.core.guardrails.signals.tongues.carrying import (
    GRAVE,
    NEEDS,
    PLAIN,
    SECRECY,
    TALK,
    VERB,
    WHOLE,
)

_REACH = 160
_MANY = 20
"""Verbs from which on a whole text is searched once, and not what stands around each of them."""

_Has: TypeAlias = Callable[[str, int, int], bool]
"""Tells whether some words (an expression) stand between two places."""

_WAY = (
    r"https?://|\w@[\w\-]{1,63}\.|\+\d[\d \-]{6,18}\d|\b(?:webhook|telegram|pastebin"
    r"|discord|my (?:server|address|account|drive|site|phone)|attacker|sub-?domain|dns|lookup"
    r"|alt text|query(?: string)?|url parameter|parameters? of|to me\b|next commit|comment of"
    r"|public (?:repo\w{0,8}|gist|issue|page|bucket|folder)|image (?:url|link|tag)|tracking pixel"
    r"|pixel|(?:the|a|this|that|every) (?:link|picture|image|url)|answer to this mail"
    r"|request (?:header|body)|user.agent|markdown image|gist)\b"
)
_ENDS = r"[.!?](?=\s)|\n|[\u3002\uff01\uff1f\u0964]"


def ordered(match: re.Match[str]) -> float:
    """Return how sure it is that a verb of sending is an order, and not talk about one."""
    text, at = match.string, match.start()
    return 0 if compiled(TALK, re.IGNORECASE).search(text, _begin(text, at), at) else 0.6


def _begin(text: str, at: int) -> int:
    """Return where the sentence begins in which a verb stands, or as far as we look."""
    start = max(0, at - _REACH)
    for end in compiled(_ENDS).finditer(text, start, at):
        start = end.end()
    return start


def _weighed(match: re.Match[str], has: _Has) -> float:
    text, at = match.string, match.start()
    begin, far = _begin(text, at), match.end() + _REACH
    if compiled(TALK).search(text, begin, at):
        return 0
    ends = [end.start() for end in islice(compiled(_ENDS).finditer(text, at, far), 2)]
    own, pair = (*ends, far, far)[:2]  # where its sentence ends, and the one after it
    grave, way = has(GRAVE, begin, own), has(_WAY, begin, own)
    if not (grave or way):
        return 0
    whole, plain = has(WHOLE, begin, own), has(PLAIN, begin, own)
    if (grave or whole or plain) and has(SECRECY, begin, pair):
        return 0.8
    if grave and way:
        return 0.6
    return 0.55 if whole and way and compiled(r"@|https?://").search(text, begin, own) else 0


def _searched(text: str) -> _Has:
    """Return what looks for words between two places of a text."""
    return lambda words, start, end: compiled(words).search(text, start, end) is not None


def _listed(text: str) -> _Has:
    """Return the same for a text of many verbs: each kind of words is looked for once in it all."""

    @cache
    def places(words: str) -> list[tuple[int, int]]:
        return [match.span() for match in compiled(words).finditer(text)]

    def has(words: str, start: int, end: int) -> bool:
        found = places(words)
        at = bisect_left(found, (start, 0))
        return at < len(found) and found[at][1] <= end

    return has


def _carried(text: str) -> Iterator[Span]:
    """Yield the verbs that order it."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have longer small ones: places would be wrong
        lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    has = _searched(lower)
    for times, match in enumerate(compiled(VERB).finditer(lower)):
        if times == _MANY:
            has = _listed(lower)
        if score := _weighed(match, has):
            yield *match.span(), score


DETECTORS = (
    Detector(
        "injection",
        "exfiltration",
        needs=NEEDS,
        search=_carried,
    ),
)  # fmt: skip
