"""Does one rule of a prompt say the opposite of another?

Two looks: the same thing ordered and forbidden, and pairs of wishes that exclude each other.
A condition (`unless`, `when`, `without` ...) reconciles, so that sentences with one are left alone.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from kapell.core.agents.linting.lexicon import lexicon
from kapell.core.agents.linting.prompt import Sentence
from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_FORBIDS = re.compile(
    r"\b(never|do not|don't|must not|mustn't|should not|shouldn't|may not|cannot|refrain from|"
    r"avoid|under no circumstances)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(r"\b(always|must|should|ensure|make sure|be sure)\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(unless|except|if|when|whenever|without|before|until|other than|rather than|instead of|"
    r"only|once|yet|where|while|for which|that you have not|than|else)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
_EMPTY = lexicon(
    "a an and any are as at be been by can cannot could do does don't each every for from have",
    "in into is it its may must mustn't never no not of on or our should shouldn't so that the",
    "their them then there these they this to under was were will with would you your always",
    "ensure make sure avoid refrain circumstances please all also just very too user users",
)
_ALIKE = 0.8
_MOST = 500
"""Sentences compared with each other; a prompt that has more is too long anyway."""

_EXCLUDING: tuple[tuple[str, str, str], ...] = (
    (
        "short and long answers",
        r"\b(?:be|stay|keep (?:it|them|answers?|replies|responses|everything)|answer|respond|reply|"
        r"write)\b[^.]{0,30}\b(?:brief|concise|short|terse|succinct)(?:ly)?\b|"
        r"\bin (?:one|a single) (?:word|sentence|line)\b",
        r"\b(?:be|answer|respond|reply|write|give)\b[^.]{0,30}\b(?:detailed|exhaustive|"
        r"comprehensive|verbose|long|lengthy)(?:ly)?\b|\b(?:at length|in (?:great|full) detail)\b",
    ),
    (
        "JSON alone and another form",
        r"\b(?:only|nothing but|just|pure|valid)\b[^.]{0,20}\bJSON\b|\bJSON (?:only|alone)\b",
        r"\b(?:answer|respond|reply|write|output|return|format)\b[^.]{0,25}\b(?:as|in|with|using)\b"
        r"[^.]{0,15}\b(?:Markdown|prose|plain text|HTML|XML|YAML|bullet points|full sentences)\b",
    ),
    (
        "JSON and no JSON",
        r"\b(?:answer|respond|reply|write|output|return|format)\b[^.,;]{0,25}\b(?:as|in|with|using)"
        r"\b[^.,;]{0,10}\bJSON\b",
        r"\b(?:never|no|not|don't|avoid)(?: (?:answer|respond|reply|write|output|return|use))?"
        r"(?: (?:in|as|with))? JSON\b",
    ),
    (
        "a formal and a casual tone",
        r"\b(?:be|stay|keep|write|answer|use|sound)\b[^.]{0,25}\bformal(?:ly)?\b",
        r"\b(?:be|stay|keep|write|answer|use|sound)\b[^.]{0,25}\b(?:casual|informal|slang|chatty)"
        r"(?:ly)?\b",
    ),
    (
        "asking and never asking",
        r"\b(?:never|do not|don't) ask\b[^.]{0,30}\b(?:questions?|clarification|back|user)\b",
        r"(?<!never )(?<!not )(?<!n't )\bask (?:the \w+ )?(?:for |a |any )?(?:clarif\w+|questions?|"
        r"back)\b",
    ),
)
_PAIRS = tuple(
    (what, re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE))
    for what, one, other in _EXCLUDING
)
_LANGUAGE = re.compile(
    r"\b(?:answer|reply|respond|write|speak)\b[^.]{0,25}\bin (English|French|German|Italian|Spanish"
    r"|Portuguese|Dutch|Chinese|Japanese|Polish|Russian)\b",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:at most|under|fewer than|less than|no more than|not more than|up to|maximum(?: of)?)"
    r" (\d+) (words|sentences|lines|bullets?|paragraphs|characters|pages)",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"\b(?:at least|more than|no fewer than|no less than|minimum(?: of)?)"
    r" (\d+) (words|sentences|lines|bullets?|paragraphs|characters|pages)",
    re.IGNORECASE,
)


def contradicting(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find rules that exclude each other."""
    said = [one for one in subject.prompt.sentences if not one.heading][:_MOST]
    for first, second, what in [*_opposed(said), *_excluding(said), *_bounds(said)]:
        yield Found(
            subject.prompt.place(second.line, second.column),
            f"This contradicts line {subject.prompt.line + first.line - 1}: {what}.",
            "Keep one of the two, or say when which holds.",
        )


def _opposed(said: Sequence[Sentence]) -> Iterator[tuple[Sentence, Sentence, str]]:
    """Yield pairs where the same thing is ordered and forbidden."""
    rules = [(one, bool(_FORBIDS.search(one.text)), _content(one.text)) for one in said]
    plain = [rule for rule in rules if rule[2] and not _CONDITION.search(rule[0].text)]
    for (first, forbids, words), (second, also, others) in combinations(plain, 2):
        if forbids == also:
            continue
        ordering = second if forbids else first
        if not (_ORDERS.search(ordering.text) or _imperative(ordering.text)):
            continue
        shared = len(words & others) / len(words | others)
        if words == others or (shared >= _ALIKE and len(words & others) >= 2):
            yield first, second, "the one orders what the other forbids"


def _excluding(said: Sequence[Sentence]) -> Iterator[tuple[Sentence, Sentence, str]]:
    free = [one for one in said if not _CONDITION.search(_unquoted(one.text).replace("only", ""))]
    for what, left, right in _PAIRS:
        asking = what.startswith("asking")
        ones = [one for one in free if left.search(one.text) and (asking or _wanted(one, left))]
        others = [one for one in free if right.search(one.text) and _wanted(one, right)]
        pairs = [(one, other) for one in ones for other in others if one is not other]
        if pairs:
            first, second = sorted(pairs[0], key=lambda one: (one.line, one.column))
            yield first, second, f"{what} are wanted"
    languages = [(one, match[1]) for one in free if (match := _LANGUAGE.search(one.text))]
    for (first, one), (second, other) in combinations(languages, 2):
        if one.casefold() != other.casefold() and not _FORBIDS.search(first.text + second.text):
            yield first, second, f"answers in {one} and in {other} are wanted"


def _bounds(said: Sequence[Sentence]) -> Iterator[tuple[Sentence, Sentence, str]]:
    """Yield pairs of an upper bound and a lower one above it."""
    highest = [(one, match) for one in said for match in _AT_MOST.finditer(one.text)]
    lowest = [(one, match) for one in said for match in _AT_LEAST.finditer(one.text)]
    for upper, most in highest:
        for lower, least in lowest:
            same = most[2].casefold().rstrip("s") == least[2].casefold().rstrip("s")
            if same and int(least[1]) > int(most[1]):
                first, second = sorted((upper, lower), key=lambda one: (one.line, one.column))
                yield first, second, f"at most {most[1]} and at least {least[1]} {most[2]}"


def _wanted(one: Sentence, pattern: re.Pattern[str]) -> bool:
    match = pattern.search(one.text)
    return match is not None and not _FORBIDS.search(one.text[: match.start()])


def _imperative(text: str) -> bool:
    """Tell whether a sentence may be an order: it does not begin with whom it is about."""
    first = text.split(" ", 1)[0].strip("`*_\"'").casefold()
    return first not in {"the", "a", "an", "it", "this", "that", "you", "there", "they", "we", "i"}


def _content(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(_stem(word) for word in words if word not in _EMPTY)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ied", "es", "ed", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _unquoted(text: str) -> str:
    return re.sub(r"`[^`]*`|\"[^\"]*\"", "", text)
