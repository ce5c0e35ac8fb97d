"""In which language a text is written: by its script, and by small words everybody uses."""

from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.subjects.small_words import LETTERS, SCRIPTS, SMALL_WORDS

LANGUAGES: tuple[str, ...] = tuple(
    sorted(
        {*SMALL_WORDS, *(name for name, _ in SCRIPTS)}
        | {name for others in LETTERS.values() for name, _ in others}
    )
)
"""The languages told apart, two letters each (ISO 639-1)."""

_HEAD = 4000
"""Characters looked at."""

_FEW = 12
_WORDS = r"[^\W\d_]{1,20}"
_CODE = r"```[\s\S]{0,4000}?```|`[^`\n]{0,200}`|https?://\S{1,300}|\S{1,80}@\S{1,80}"


def language_of(text: str) -> tuple[str, float]:
    """Return the language of a text and how sure that is; ``("", 0.0)`` when it cannot be told.

    Code, addresses and texts of a few letters tell nothing.
    """
    seen = compiled(_CODE).sub(" ", text[:_HEAD])
    letters = sum(map(str.isalpha, seen))
    if not letters:
        return "", 0.0
    for name, script in SCRIPTS:
        count = sum(map(len, compiled(script).findall(seen)))
        if count >= max(2, letters * (0.15 if name == "ja" else 0.4)):
            return _within(name, seen), 0.95
    if letters < _FEW:
        return "", 0.0
    return _latin(seen)


def _within(name: str, text: str) -> str:
    """Tell languages of one script apart by letters that only one has."""
    for other, only in LETTERS.get(name, ()):
        if compiled(only).search(text):
            return other
    return name


def _latin(text: str) -> tuple[str, float]:
    words = compiled(_WORDS).findall(text.lower())
    counts = {
        name: sum(1 for word in words if word in small) for name, small in SMALL_WORDS.items()
    }
    for name, only in LETTERS["latin"]:
        counts[name] += 2 * min(3, len(compiled(only).findall(text.lower())))
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    best, second = counts[ranked[0]], counts[ranked[1]]
    if best < 2 or best == second:
        return "", 0.0
    return ranked[0], min(0.95, 0.5 + 0.5 * (best - second) / best)


def strange(text: str, allowed: frozenset[str]) -> Iterator[Finding]:
    """Yield the language of a text when it is none of the allowed ones."""
    name, score = language_of(text)
    if name and name not in allowed and score >= 0.6:
        yield Finding("language", name, 0, len(text), score)
