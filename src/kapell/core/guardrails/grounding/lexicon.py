"""Words that mean the same, the opposite, or one of several that exclude each other."""

from functools import cache

from kapell.core.guardrails.grounding.stems import stem
from kapell.core.guardrails.grounding.words import EMPTY, EXCLUSIVE, LIGHT, OPPOSED, SAME


@cache
def light() -> frozenset[str]:
    """Return the stems of verbs that mean little without their object."""
    return frozenset(map(stem, LIGHT.split()))


@cache
def empty() -> frozenset[str]:
    """Return the words that say nothing by themselves."""
    return frozenset(EMPTY.split())


@cache
def senses() -> dict[str, frozenset[int]]:
    """Return the groups of like meaning a stem is in."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(SAME.split(";")):
        for word in line.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(groups) for word, groups in found.items()}


@cache
def members() -> dict[int, frozenset[str]]:
    """Return the stems of each group of like meaning."""
    return {
        number: frozenset(map(stem, line.split())) for number, line in enumerate(SAME.split(";"))
    }


@cache
def sides() -> dict[str, frozenset[tuple[int, int]]]:
    """Return the pairs of opposites a stem belongs to, with its side."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, line in enumerate(OPPOSED.split(";")):
        for side, words in enumerate(line.split("|")):
            for word in words.split():
                found.setdefault(stem(word), set()).add((number, side))
    return {word: frozenset(pairs) for word, pairs in found.items()}


@cache
def kinds() -> dict[str, frozenset[int]]:
    """Return the sets of things of which a place takes one (a colour, a material) by stem."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(EXCLUSIVE.split(";")):
        for word in line.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(groups) for word, groups in found.items()}
