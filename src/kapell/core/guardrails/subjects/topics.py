"""Subjects of a text, by the words that show them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.subjects.words import REPORTED, RUNNING, STRONG, WEAK

TOPICS: frozenset[str] = frozenset(STRONG)
"""Subjects that rules may name without giving their words."""

OUT_OF_SCOPE = "out_of_scope"
_ENOUGH = 0.5
_BATCH = 400


class _Terms(NamedTuple):
    strong: tuple[re.Pattern[str], ...]
    weak: tuple[re.Pattern[str], ...]


def about(
    text: str,
    told: frozenset[str],
    words: tuple[tuple[str, tuple[str, ...]], ...],
    only: frozenset[str],
) -> Iterator[Finding]:
    """Yield the topics a text shows: those told, the author's own, and being out of scope.

    One strong term shows a topic, or several weak ones; a term of an author's own is strong. A
    topic of one's own that stands in ``only`` is wanted and not told.
    """
    own = dict(words)
    shown = False
    for topic in sorted((told | own.keys() | only) - {OUT_OF_SCOPE}):
        finding = _shown(topic, text, own.get(topic))
        if finding is None:
            continue
        if topic in only:
            shown = True
        else:
            yield finding
    if only and not shown and any(map(str.isalpha, text)):
        yield Finding("topic", OUT_OF_SCOPE, 0, len(text), 0.7)


def _shown(topic: str, text: str, own: tuple[str, ...] | None) -> Finding | None:
    terms = _own(own) if own is not None else _known(topic)
    for pattern in terms.strong:
        for match in pattern.finditer(text):
            if own is not None or not _reported(topic, text, match.start()):
                return Finding("topic", topic, match.start(), match.end(), 0.9)
    seen: dict[str, re.Match[str]] = {}
    for pattern in terms.weak:
        for match in pattern.finditer(text):
            seen.setdefault(match.group().lower(), match)
            if len(seen) == 4:
                break
    score = 0.25 * len(seen)
    if score < _ENOUGH:
        return None
    first = min(seen.values(), key=re.Match.start)
    return Finding("topic", topic, first.start(), first.end(), min(score, 0.9))


def _reported(topic: str, text: str, start: int) -> bool:
    """Tell whether what stands before words says that they are somebody else's."""
    if topic not in REPORTED:
        return False
    words, before = REPORTED[topic]
    return compiled(words).search(text[max(0, start - before) : start]) is not None


@lru_cache(maxsize=64)
def _own(words: tuple[str, ...]) -> _Terms:
    return _Terms(_patterns(re.escape(word) for word in sorted(words, key=len, reverse=True)), ())


@lru_cache(maxsize=64)
def _known(topic: str) -> _Terms:
    running = tuple(re.compile(term, re.IGNORECASE) for term in RUNNING.get(topic, ()))
    strong = (*_patterns(STRONG.get(topic, ())), *running)
    return _Terms(strong, _patterns(WEAK.get(topic, ())))


def _patterns(terms: "Iterator[str] | tuple[str, ...]") -> tuple[re.Pattern[str], ...]:
    every = list(terms)
    return tuple(
        re.compile(rf"(?<!\w)(?:{'|'.join(every[at : at + _BATCH])})(?!\w)", re.IGNORECASE)
        for at in range(0, len(every), _BATCH)
    )
