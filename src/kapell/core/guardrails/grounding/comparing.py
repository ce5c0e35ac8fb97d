"""Comparisons of a sentence with what its sources say: each finds one sort of change."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from kapell.core.guardrails.grounding.dates import agrees
from kapell.core.guardrails.grounding.lexicon import empty, kinds, light, senses, sides
from kapell.core.guardrails.grounding.names import Name
from kapell.core.guardrails.grounding.numbers import Number
from kapell.core.guardrails.grounding.statements import Statement, Word
from kapell.core.guardrails.grounding.stems import stem

_BASE = {
    "km": ("m", 1000.0), "cm": ("m", 0.01), "mm": ("m", 0.001), "m": ("m", 1.0),
    "kg": ("g", 1000.0), "mg": ("g", 0.001), "t": ("g", 1e6), "g": ("g", 1.0),
    "ml": ("l", 0.001), "l": ("l", 1.0), "s": ("s", 1.0), "min": ("s", 60.0), "h": ("s", 3600.0),
    "day": ("s", 86400.0), "week": ("s", 604800.0), "month": ("month", 1.0),
    "year": ("month", 12.0), "mw": ("w", 1e6), "kw": ("w", 1e3), "w": ("w", 1.0),
    "mb": ("b", 1e6), "gb": ("b", 1e9), "tb": ("b", 1e12),
}  # fmt: skip


def numbers_told(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether the sources hold every number of a sentence, with what it counts."""
    years = {date.year for one in told for date in one.dates if date.year}
    return all(
        (one.value in years and not one.unit) or _number_told(one, told) for one in said.numbers
    )


def _number_told(said: Number, told: Sequence[Statement]) -> bool:
    found = False
    for one in told:
        same = [other for other in one.numbers if _equal(said, other)]
        found = found or bool(same)
        if same and not _counts_another(said, one.numbers, same):
            return True
    if said.weak and not found:
        # "one" and "half" may be no numbers: they are where the sources count otherwise
        return not any(_rivals(said, other) for one in told for other in one.numbers)
    return False


def _counts_another(said: Number, numbers: Sequence[Number], same: Sequence[Number]) -> bool:
    """Tell whether a sentence of the sources has a number, but gives another to what is counted."""
    mine = any(one.noun == said.noun or not one.noun for one in same)
    rivals = [one for one in numbers if one.noun == said.noun and one not in same]
    return bool(said.noun) and not mine and bool(rivals)


def _rivals(said: Number, told: Number) -> bool:
    if said.sort == "share":
        return told.sort == "share" or told.unit == "%"
    return bool(said.noun) and told.noun == said.noun and not told.weak


def _equal(said: Number, told: Number) -> bool:
    if (said.sort == "clock") != (told.sort == "clock"):
        return False
    if (said.sort == "order") != (told.sort == "order") and "share" in (said.sort, told.sort):
        return False
    one, other = _amount(said), _amount(told)
    if one[0] and other[0] and one[0] != other[0]:
        return False
    first, second = (one[1], other[1]) if one[0] and other[0] else (said.value, told.value)
    if said.sort == "share" or told.sort == "share":
        first, second = _amount(said)[1], _amount(told)[1]
    near = 0.06 if said.about or told.about else 1e-6
    return abs(first - second) <= near * max(abs(first), abs(second), 1e-9)


def _amount(one: Number) -> tuple[str, float]:
    if one.sort == "share":
        return "%", one.value * 100
    unit, factor = _BASE.get(one.unit, (one.unit, 1.0))
    return unit, one.value * factor


def dates_told(said: Statement, told: Sequence[Statement], before: Sequence[Statement]) -> bool:
    """Tell whether the sources hold every date of a sentence."""
    known = [date for one in told for date in one.dates]
    counted = {number.value for one in told for number in one.numbers}
    near = {date.year for one in before for date in one.dates if date.year}
    for date in said.dates:
        plain = date.year and not date.month
        if plain and date.year in counted:
            continue
        if any(agrees(date, one) for one in known):
            continue
        bare = [one for one in known if not one.year and not one.week]
        if date.year in near and any(
            (one.month, one.day) == (date.month, date.day) for one in bare
        ):
            continue
        if not known and plain and date.year in near:
            continue
        return False
    return True


def names_told(
    said: Statement, told: Sequence[Statement], before: Sequence[Statement], keys: Collection[str]
) -> bool:
    """Tell whether the sources speak of everyone and everything a sentence names, just there."""
    known = {one.key for statement in told for one in statement.names}
    words = {key for statement in told for key in statement.keys}
    refers = any(one.refers or not one.names for one in told)
    earlier = {one.key for statement in before for one in statement.names}
    # What the sources are about need not be named again in every sentence of theirs.
    own = [one for one in said.names if not one.first or _may_be_name(one, keys)]
    present = [one for one in own if one.key in known or stem(one.key) in words]
    for one in own:
        if one in present:
            continue
        if one.key in earlier and (refers or not _rival(one, said, told)):
            continue
        if _is_adjective(one, known | earlier):
            continue
        return False
    return True


def _may_be_name(name: Name, keys: Collection[str]) -> bool:
    """Tell whether a word that begins a sentence is a name that the sources do not know."""
    key = stem(name.key)
    if key in keys or name.key in keys:
        return name.key in keys
    common = key in senses() or key in sides() or key in kinds() or name.key in empty()
    shaped = name.key.endswith(("ing", "ed", "ly", "tion", "ers", "ists", "ment", "ness", "ies"))
    return not common and not shaped and key[:5] not in {one[:5] for one in keys}


def _rival(name: Name, said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether the sources name another where a sentence names this one."""
    mine = {one.key for one in said.names}
    return any(one.key not in mine and not one.first for other in told[:1] for one in other.names)


def _is_adjective(name: Name, known: Iterable[str]) -> bool:
    """Tell whether a name is a form of one the sources know (`Italian` of `Italy`)."""
    return len(name.key) >= 4 and any(one[:4] == name.key[:4] for one in known if len(one) >= 4)


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
