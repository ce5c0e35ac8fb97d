"""Comparisons of the words of a sentence with its sources: each finds one sort of change."""

import re
from collections.abc import Collection, Sequence
from functools import cache

from kapell.core.guardrails.grounding.lexicon import empty, kinds, light, senses, sides
from kapell.core.guardrails.grounding.statements import Statement, Word
from kapell.core.guardrails.grounding.stems import stem


def turned(said: Statement, told: Sequence[Statement], near: Sequence[Statement]) -> bool:
    """Tell whether a sentence denies what its sources say, or says what they deny.

    Args:
        said: The sentence.
        told: Those of the sources that speak of the same, the best first.
        near: Others of them that share a word with it.
    """
    if _answered_by_opposite(said, told):
        return False
    for word in said.words:
        like = [other for one in told for other in one.words if _same(word.key, other.key)]
        if like and word.key not in light() and all(x.denied != word.denied for x in like):
            return True
    best = told[0]
    if said.denies and not any(one.denies for one in (*told, *near)):
        return True
    return best.denies and not said.denies and _close(said, best)


def _speaking(said: Statement, told: Sequence[Statement]) -> list[Statement]:
    """Return the sentences of the sources that hold at least half of a sentence's words."""
    found = [told[0]]
    for one in told[1:]:
        held = sum(1 for word in said.words if any(_same(word.key, x.key) for x in one.words))
        if held * 2 >= len(said.words):
            found.append(one)
    return found


def _close(said: Statement, told: Statement) -> bool:
    """Tell whether what a source denies is what a sentence is about."""
    denied = [word for word in told.words if word.denied]
    return bool(denied) and all(
        any(_same(word.key, other.key) for other in said.words) for word in denied
    )


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    groups = senses().get(one)
    return bool(groups) and not (groups or frozenset()).isdisjoint(senses().get(other, ()))


def _answered_by_opposite(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether a negation stands for an opposite: `not open` for `closed`."""
    mine = {pair for word in said.words for pair in sides().get(word.key, ())}
    theirs = {pair for one in told for word in one.words for pair in sides().get(word.key, ())}
    return any((number, 1 - side) in theirs for number, side in mine)


def opposed(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether a sentence says the opposite of a word of its sources."""
    return any(_opposes(said, one) for one in _speaking(said, told))


def _opposes(said: Statement, told: Statement) -> bool:
    mine = {word.key for word in said.words} | _light(said, [told])
    theirs = {word.key: word.denied for word in told.words}
    keys = set(theirs) | _light(told, [said])
    held = {pair for key in keys for pair in sides().get(key, ())}
    for key in mine:
        pairs = sides().get(key, frozenset())
        if not pairs or pairs & held or any(_same(key, one) for one in keys):
            continue
        others = [
            one
            for one in keys - mine
            if any((number, 1 - side) in pairs for number, side in sides().get(one, ()))
        ]
        if others and not _denied(key, said) and not any(theirs.get(one) for one in others):
            return True
    return False


def _denied(key: str, said: Statement) -> bool:
    return any(word.denied for word in said.words if word.key == key)


@cache
def _plain() -> re.Pattern[str]:
    return re.compile(r"[a-z]+")


def _light(one: Statement, others: Sequence[Statement]) -> set[str]:
    """Return the small words of a sentence that have an opposite: `all`, `before`, `more`.

    They count where what follows them stands in the other sentences as well.
    """
    keys = {key for other in others for key in other.keys}
    text = " ".join(other.text.lower() for other in others)
    found = set()
    for match in _plain().finditer(one.text.lower()):
        token = match.group()
        if token in empty() and stem(token) in sides():
            after = _plain().search(one.text.lower(), match.end())
            follows = stem(after.group()) if after is not None else ""
            before = one.text[: match.start()].lower().split()
            leads = stem(before[-1]) if before else ""
            number = re.match(r"\s(?:the\s)?(\d[\d.,:]*)", one.text[match.end() :])
            if (
                follows in keys
                or any(_same(leads, key) for key in keys)
                or (number is not None and number.group(1) in text)
            ):
                found.add(stem(token))
    return found


def excluded(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether a sentence names another thing of a kind than its sources (blue for red)."""
    theirs = {word.key for one in told for word in one.words}
    names = {stem(name.key) for one in told for name in one.names}
    mine = {word.key for word in said.words}
    for key in mine - theirs - names:
        for group in kinds().get(key, frozenset()):
            rivals = {one for one in theirs if group in kinds().get(one, ())} - mine
            if rivals and not any(_same(key, one) for one in theirs):
                return True
    return False


_WHOLE = r"\b(?:in full|completely|entirely|wholly|without limit)\b"
_ALL = (
    r"\b(?:full|complete\w*|entire\w*|fully|wholly|whole|always|every\w*|all|each|any\w*"
    r"|throughout|no|none|both|per|unlimited)\b"
)


def widened(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether a sentence says of all, always or in full what its sources say of less."""
    return _holds(_WHOLE, said.text) and not any(_holds(_ALL, one.text) for one in told)


def _holds(words: str, text: str) -> bool:
    return re.search(words, text, re.IGNORECASE) is not None


def reversed_roles(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether two names have changed their places around the same words."""
    mine = [one.key for one in said.names if not one.code]
    if len(set(mine)) < 2 or " by " in said.text:
        return False
    for one in told[:1]:
        theirs = [name.key for name in one.names if not name.code]
        both = [key for key in dict.fromkeys(mine) if key in theirs]
        if len(both) < 2 or " by " in one.text:
            continue
        first, last = both[0], both[-1]
        if theirs.index(first) > theirs.index(last) and _between(said, first, last, one):
            return True
    return False


def _between(said: Statement, first: str, last: str, told: Statement) -> bool:
    """Tell whether the same word stands between two names in both sentences."""
    inside = _words_between(said, first, last)
    other = _words_between(told, last, first)
    return any(_same(a.key, b.key) for a in inside for b in other)


def _words_between(one: Statement, first: str, last: str) -> list[Word]:
    start = next((name.end for name in one.names if name.key == first), 0)
    end = next((name.start for name in one.names if name.key == last), 0)
    return [word for word in one.words if start <= word.start < end]


def exchanged(said: Statement, told: Sequence[Statement], keys: Collection[str]) -> bool:
    """Tell whether one word of a sentence stands where its source has another (music for camera).

    The word is nowhere in the sources, nor one like it, and what stands before it is followed by
    another word there that the sentence does not speak of.
    """
    groups = frozenset(group for key in keys for group in senses().get(key, ()))
    roots = {key[:5] for key in keys if len(key) >= 5}
    best = told[0]
    words = said.words
    if len(words) < 3:
        return False
    strange = [
        place
        for place, word in enumerate(words)
        if word.key not in keys
        and word.key[:5] not in roots
        and groups.isdisjoint(senses().get(word.key, frozenset()))
    ]
    if len(strange) != 1 or words[strange[0]].key in light():
        return False
    place = strange[0]
    if place < 2:
        return False
    beside = words[place - 1]
    for at, other in enumerate(best.words[:-1]):
        rival = best.words[at + 1]
        if (
            _same(beside.key, other.key)
            and not any(_same(rival.key, word.key) for word in words)
            and _link(said, beside, words[place]) == _link(best, other, rival)
        ):
            return True
    return False


def _link(one: Statement, first: Word, last: Word) -> list[str]:
    """Return the small words between two words of a sentence."""
    return one.text[first.start : last.start].lower().split()[1:]
