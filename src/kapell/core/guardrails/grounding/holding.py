"""Whether a sentence of an answer is held by the sentences of its sources."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from kapell.core.guardrails.grounding.comparing.facts import dates_told, names_told, numbers_told
from kapell.core.guardrails.grounding.comparing.wording import (
    exchanged,
    excluded,
    opposed,
    reversed_roles,
    turned,
    widened,
)
from kapell.core.guardrails.grounding.lexicon import light, members, senses
from kapell.core.guardrails.grounding.sources import Source, sentences
from kapell.core.guardrails.grounding.statements import Statement, Word, statement_of

Flaw: TypeAlias = Literal[
    "quote",
    "citation",
    "number",
    "date",
    "name",
    "negation",
    "opposite",
    "other",
    "words",
    "judge",
]
"""What of a sentence its sources do not hold: a quote, what it cites, a number, a date, a name;
it denies or turns round what they say, names another thing of a kind, says what they do not,
or a judge model does not find it there."""

CAPS: dict[Flaw, float] = {
    "quote": 0.0,
    "citation": 0.3,
    "number": 0.2,
    "date": 0.2,
    "name": 0.25,
    "negation": 0.3,
    "opposite": 0.35,
    "other": 0.35,
}
"""The most a sentence with a flaw scores."""

_MOST_TOLD = 3
"""Sentences of the sources that together may hold one sentence of an answer."""


class Library:
    """All sentences of the sources, found by their words."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.told: list[Statement] = []
        for number, source in enumerate(sources):
            self.told += [statement_of(one.text, number) for one in sentences(source.text)]
        self._by_key: dict[str, list[int]] = {}
        for place, one in enumerate(self.told):
            for key in _keys(one):
                self._by_key.setdefault(key, []).append(place)
        self.keys = frozenset(self._by_key)

    def weight(self, key: str) -> float:
        """Return how much a word says: less, the more sentences hold it."""
        often = len(self._by_key.get(key, ()))
        return 1.0 / (1.0 + math.log1p(often)) if often else 1.0

    def cover(
        self, said: Statement, allowed: frozenset[int] | None
    ) -> tuple[list[Statement], list[Statement]]:
        """Return the sentences of the sources that speak of what a sentence says, best first.

        Beside them come others that share a word with it.
        """
        asked = {word.key: self.weight(word.key) for word in said.words}
        called = {one.key for one in said.names}
        hits: dict[int, float] = {}
        for key, weight in [*asked.items(), *((one, 0.4) for one in called)]:
            for like in set(_alike(key)):
                for place in self._by_key.get(like, ()):
                    if allowed is None or self.told[place].source in allowed:
                        hits[place] = hits.get(place, 0.0) + weight
        ranked = sorted(hits, key=lambda place: (-hits[place], place))[:40]
        chosen: list[int] = []
        open_words = dict(asked)
        total = sum(asked.values()) or 1.0
        while ranked and len(chosen) < _MOST_TOLD:
            best = max(ranked, key=lambda p: (self._gain(p, open_words, called, chosen), -p))
            if chosen and self._gain(best, open_words, set(), ()) < 0.12 * total:
                break
            chosen.append(best)
            ranked.remove(best)
            told = self.told[best]
            open_words = {k: w for k, w in open_words.items() if likeness(k, told) == 0.0}
            if not open_words:
                break
        near = [self.told[place] for place in ranked[:8]]
        return [self.told[place] for place in chosen], near

    def _gain(
        self, place: int, words: dict[str, float], called: set[str], near: Iterable[int]
    ) -> float:
        told = self.told[place]
        gain = sum(weight * likeness(key, told) for key, weight in words.items())
        gain += 0.4 * sum(1 for one in told.names if one.key in called)
        return gain + (0.05 if any(abs(place - one) == 1 for one in near) else 0.0)

    def around(self, told: Sequence[Statement]) -> list[Statement]:
        """Return the sentences just before those, of the same source, to which they may refer."""
        found = []
        for place, one in enumerate(self.told):
            if any(one is chosen for chosen in told):
                back = place - 1
                while back >= max(0, place - 4) and self.told[back].source == one.source:
                    found.append(self.told[back])
                    back -= 1
        return found


def _keys(one: Statement) -> set[str]:
    return set(one.keys) | {name.key for name in one.names}


def _alike(key: str) -> Iterable[str]:
    yield key
    for group in senses().get(key, ()):
        yield from members()[group]


def likeness(key: str, told: Statement) -> float:
    """Return from 0 to 1 whether a sentence holds a word, or one that means the same."""
    if key in told.keys or any(key == one.key for one in told.names):
        return 1.0
    groups = senses().get(key)
    if groups and not groups.isdisjoint(told.groups):
        return 0.9
    if len(key) >= 5 and key[:5] in told.roots:
        return 0.8
    return 0.0


class Support(msgspec.Struct, frozen=True):
    """How well the sources hold a sentence, from 0 to 1, and what they do not hold of it."""

    score: float
    flaws: tuple[Flaw, ...] = ()


def support(said: Statement, library: Library, allowed: frozenset[int] | None = None) -> Support:
    """Return how well the sources (those in ``allowed``, when given) hold a sentence."""
    told, near = library.cover(said, allowed)
    if not told:
        return Support(0.0 if _claims(said) else 1.0, ("words",) if _claims(said) else ())
    before = library.around(told)
    flaws: list[Flaw] = []
    if not numbers_told(said, told):
        flaws.append("number")
    if not dates_told(said, told, before):
        flaws.append("date")
    if not names_told(said, told, before, library.keys):
        flaws.append("name")
    if turned(said, told, near):
        flaws.append("negation")
    if opposed(said, told) or reversed_roles(said, told):
        flaws.append("opposite")
    if excluded(said, told) or exchanged(said, told, library.keys) or widened(said, told):
        flaws.append("other")
    covered = _covered(said, told, before, library)
    if covered < 0.7:
        flaws.append("words")
    score = min([covered, *(CAPS.get(flaw, 1.0) for flaw in flaws)])
    return Support(round(score, 3), tuple(flaws))


def _claims(said: Statement) -> bool:
    return bool(said.words or said.names or said.numbers or said.dates)


def _covered(
    said: Statement, told: Sequence[Statement], before: Sequence[Statement], library: Library
) -> float:
    """Return the share of a sentence's words that the sources hold, made even over 0 to 1."""
    held = total = 0.0
    for word in said.words:
        weight = _worth(word)
        total += weight
        near = max((likeness(word.key, one) for one in told), default=0.0)
        far = 0.6 if word.key in library.keys else 0.0
        close = max((likeness(word.key, one) for one in before), default=0.0) * 0.9
        held += weight * max(near, far, close)
    for _ in said.names:
        total += 0.5
        held += 0.5
    for _ in (*said.numbers, *said.dates):
        total += 0.5
        held += 0.5
    if not total:
        return 1.0
    # Half of the words gone is a paraphrase still; less is another matter.
    return min(1.0, 0.4 + held / total * 0.7) if held / total >= 0.35 else held / total


def _worth(word: Word) -> float:
    """Return how much a word counts: common ones are easily exchanged for others."""
    if word.key in light():
        return 0.2
    return 0.6 if word.key in senses() else 1.0
