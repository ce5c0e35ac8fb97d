"""What a sentence says, in parts that can be compared: words, names, numbers, dates, negations."""

import re
from functools import cache

import msgspec

from kapell.core.guardrails.grounding.dates import Date, dates
from kapell.core.guardrails.grounding.lexicon import empty, senses
from kapell.core.guardrails.grounding.names import Name, names
from kapell.core.guardrails.grounding.numbers import Number, numbers
from kapell.core.guardrails.grounding.stems import stem

_CUES = frozenset(
    [
        "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without",
        "hardly", "unable", "nowhere", "fail", "failed", "fails", "refuse", "refused", "refuses",
        "except", "instead", "rather", "lack", "lacks", "lacked",
    ]
)  # fmt: skip
_BREAKS = frozenset(
    ["but", "although", "though", "however", "while", "whereas", "which", "who", "because"]
)
_BINDING = frozenset(
    [
        "in", "on", "at", "for", "by", "from", "of", "to", "with", "into", "until", "before",
        "after", "and", "or", "as",
    ]
)  # fmt: skip

_UN = re.compile(r"un(?!der|ion|i[tvqof]|less|til|cle|anim)(\w{4,})")


_BOUND = re.compile(r"\s(?:more|less|fewer|later|earlier|only|just)\b")
"""What makes a bound of a negation: `no more than eight`, `not only`."""


class Word(msgspec.Struct, frozen=True):
    """A word that says something: its stem, its place among such words, whether it is negated."""

    key: str
    start: int
    denied: bool = False


class Statement(msgspec.Struct, frozen=True):
    """A sentence taken apart; ``source`` is the number of the source it stands in, from 0."""

    text: str
    source: int
    words: tuple[Word, ...]
    names: tuple[Name, ...]
    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    keys: frozenset[str]
    groups: frozenset[int]
    roots: frozenset[str]
    denies: bool
    refers: bool


_PRONOUNS = frozenset(
    [
        "he", "she", "it", "they", "his", "her", "hers", "its", "their", "theirs", "him", "them",
        "this", "these", "both",
    ]
)  # fmt: skip


@cache
def _tokens() -> re.Pattern[str]:
    return re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[,;:.()]")


def statement_of(text: str, source: int = 0) -> Statement:
    """Return what a sentence says."""
    when = dates(text)
    called = names(text)
    taken = [(one.start, one.end) for one in when]
    taken += [(one.start, one.end) for one in called if one.code]
    counted = numbers(text, taken)
    spans = sorted(
        taken
        + [(one.start, one.end) for one in counted]
        + [(one.start, one.end) for one in called if not one.first]
    )
    words, denies, refers = _words(text, spans)
    keys = frozenset(word.key for word in words) | {one.key for one in called if one.first}
    groups = frozenset(group for key in keys for group in senses().get(key, ()))
    roots = frozenset(key[:5] for key in keys if len(key) >= 5)
    return Statement(
        text,
        source,
        tuple(words),
        tuple(called),
        tuple(counted),
        tuple(when),
        keys,
        groups,
        roots,
        denies,
        refers,
    )


class _Reach:
    """How far a negation reaches: over two words that say something, not past what binds them."""

    def __init__(self) -> None:
        self.words = self.tokens = 0
        self.taken = False

    def begin(self, words: int = 2) -> None:
        self.words, self.tokens, self.taken = words, 6, False

    def end(self) -> None:
        self.words = 0

    def step(self, token: str) -> None:
        """Pass a word; one that binds ends the reach once something has been denied."""
        self.tokens -= 1
        if token in _BREAKS or (self.taken and token in _BINDING) or self.tokens <= 0:
            self.words = 0

    def take(self) -> bool:
        """Tell whether a word that says something is denied."""
        if not self.words:
            return False
        self.words -= 1
        self.taken = True
        return True


def _words(text: str, spans: list[tuple[int, int]]) -> tuple[list[Word], bool, bool]:
    """Return the words that say something, whether anything is denied, whether it refers back."""
    found: list[Word] = []
    reach, denies, refers, at = _Reach(), False, False, 0
    for match in _tokens().finditer(text):
        token, start = match.group(), match.start()
        if not token[0].isalpha():
            reach.end()
            continue
        plain = token.lower().replace("\u2019", "'")
        refers = refers or plain in _PRONOUNS
        reach.step(plain)
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        inside = at < len(spans) and spans[at][0] <= start < spans[at][1]
        if _denies(plain, text[match.end() : match.end() + 14].lower()):
            reach.begin(1 if plain == "out" else 2)
            denies = True
        elif not inside and plain not in empty() and len(plain) > 1 and plain not in _CUES:
            undone = _UN.fullmatch(plain)
            key = stem(undone.group(1) if undone is not None else plain)
            found.append(Word(key, start, reach.take() != (undone is not None)))
    return found, denies, refers


def _denies(word: str, after: str) -> bool:
    """Tell whether a word denies what follows it."""
    if word in ("rather", "out"):
        return after.startswith(" than" if word == "rather" else " of ")
    return (word in _CUES or word.endswith("n't")) and not _BOUND.match(after)
