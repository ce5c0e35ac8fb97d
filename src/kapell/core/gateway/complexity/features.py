"""What a prompt shows of itself: counts of words, marks and sentences, each bounded in its cost."""

import re
from functools import lru_cache

from kapell.core.gateway.complexity.rules import Rules
from kapell.core.gateway.offline import tokens

_HEAD = 1000
_TAIL = 400
"""Characters looked at from either end: instructions stand there, and a look must stay short."""

_GREETING = 20
_FIRST_UNSPACED = 0x2E80
_GAP = "\n\n"
_PROGRAM = frozenset({"code_block", "code_marks", "code_strong", "code_weak"})

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\b\d[\d.,]*")
_ENDS = r"\u3002\uff1f\uff01\u061f"
_SENTENCE = re.compile(rf"[.!?](?:\s|$)|[{_ENDS}]")
_CLAUSE = re.compile(r"[,;:\uff0c\u3001\uff1b\uff1a\u060c]")
"""Marks of Latin, Chinese, Japanese and Arabic writing."""
_SYMBOLS = ("=>", "()", ");", "{ ", " }", "==", "+=", "||", "&&", "</", "/>", "->", "::")
_STARTS = ("def ", "fn ", "func ", "const ", "public static", "import ", "return ", "#include")
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\[\w+\]",
        r"\(\w*\)",
        r"_(?=\w)",
        r"\$\w+",
        r"\.(?:py|js|ts|java|go|rs|sql|ya?ml|toml|csv|sh|json)\b",
        r"\.\w+\(",
        r"for \(?\w+[\w ,;=.]* in [\w.()]+:",
        r"select [\w*., ]+ from ",
    )
)
"""Each begins with a letter of its own, so that a search skips what cannot match."""


def features_of(prompt: str, rules: Rules) -> dict[str, int]:
    """Return every feature with how often it was found; what was not is left out."""
    seen = prompt if len(prompt) <= _HEAD + _TAIL else f"{prompt[:_HEAD]} {prompt[-_TAIL:]}"
    lowered = seen.lower()
    words = _WORD.findall(lowered)
    text = f" {' '.join(words)} "
    there = frozenset(words)
    found = {name: _searched(entries).count(there, text) for name, entries in rules.words.items()}
    found["code_block"] = int("```" in seen)
    found["code_marks"] = _marks(lowered)
    if not any(found[name] for name in _PROGRAM):
        found["making"] = 0  # a letter is written too
    asked = _asked(seen)
    found["numbers"] = len(_NUMBER.findall(asked))
    found["sentences"] = len(_SENTENCE.findall(asked))
    found["clauses"] = len(_CLAUSE.findall(asked))
    found["words"] = len(_WORD.findall(asked))
    found["tokens"] = tokens.count(prompt)
    return {name: count for name, count in found.items() if count}


def _asked(text: str) -> str:
    """Return the paragraph that asks: what follows is mostly what the question is about."""
    first, _, rest = text.strip().partition(_GAP)
    return first if len(first) >= _GREETING else f"{first} {rest.partition(_GAP)[0]}"


def _marks(text: str) -> int:
    """Return how many kinds of marks of code there are, and every one that is a pattern."""
    signs = sum(sign in text for sign in _SYMBOLS) + sum(f" {word}" in text for word in _STARTS)
    return signs + sum(len(pattern.findall(text)) for pattern in _PATTERNS)


class _Searched:
    """Entries of one signal, by how they are looked for: words by themselves, the rest in text."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        plain = {entry.replace("·*", "*") for entry in entries}
        self._words = frozenset(word for word in plain if word.isalpha() and not _unspaced(word))
        self._parts = tuple(_part(word) for word in sorted(plain - self._words))

    def count(self, words: frozenset[str], text: str) -> int:
        """Return how many entries are there; each counts once."""
        return len(self._words & words) + sum(part in text for part in self._parts)


@lru_cache(maxsize=64)
def _searched(entries: tuple[str, ...]) -> _Searched:
    return _Searched(entries)


def _unspaced(word: str) -> bool:
    """Tell whether a word is of a script that writes no blanks."""
    return any(ord(letter) > _FIRST_UNSPACED for letter in word)


def _part(word: str) -> str:
    """Return what is looked for in a text whose words stand between single blanks."""
    spaced = word.replace("·", " ")
    if _unspaced(spaced):
        return spaced
    return f" {spaced.removesuffix('*')}" if spaced.endswith("*") else f" {spaced} "
