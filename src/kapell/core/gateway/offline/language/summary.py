"""Extractive summaries: the sentences that carry most of a text's own words."""

import re
from collections import Counter

from kapell.core.gateway.offline.language.words import sentences, shortened, stems

_ADDRESS = re.compile(r"[^\s@]{1,64}@\S+|https?://\S+")
_GREETINGS = frozenset(
    (
        "hi",
        "hello",
        "dear",
        "regard",
        "thank",
        "cheer",
        "greeting",
        "hey",
        "sincere",
        "team",
        "support",
        "good",
        "morn",
    )
)


def summary(text: str, limit: int = 3, characters: int = 600) -> str:
    """Return up to ``limit`` sentences of ``text``, in their order, within ``characters``."""
    return shortened(" ".join(central(text, limit)), characters)


def central(text: str, limit: int) -> list[str]:
    """Return the ``limit`` sentences that say most, in the order they stand in."""
    found = sentences(text)
    if len(found) <= limit:
        return [sentence for sentence in found if not _is_greeting(sentence)] or list(found)
    counts = Counter(stems(text))
    scored = []
    for index, sentence in enumerate(found):
        own = list(dict.fromkeys(stems(sentence)))
        if not own or _is_greeting(sentence):
            continue
        weight = sum(counts[word] for word in own) / (len(own) ** 0.5 + 2)
        scored.append((-weight * (1.25 if index < 2 else 1.0), index))
    chosen = sorted(index for _, index in sorted(scored)[:limit])
    return [found[index] for index in chosen] or list(found[:limit])


def _is_greeting(sentence: str) -> bool:
    own = stems(sentence)
    return len(own) <= 4 and bool(own) and own[0] in _GREETINGS


def headline(text: str, characters: int = 72) -> str:
    """Return the matter of a text as one short line."""
    best = central(text, 1)
    return shortened(best[0].rstrip(".!"), characters) if best else ""


def keywords(text: str, limit: int = 5) -> list[str]:
    """Return the words a text is about, the most frequent first, as they are written there."""
    text = _ADDRESS.sub(" ", text)
    counts: Counter[str] = Counter()
    for word in stems(text):
        if len(word) > 2 and not word.isdigit() and word not in _GREETINGS:
            counts[word] += 1
    # Equal counts keep the order of the text, in which they were counted.
    ranked = sorted(counts, key=lambda word: -counts[word])
    written = written_forms(text)
    return [written[word] for word in ranked[:limit]]


def written_forms(text: str) -> dict[str, str]:
    """Return for each stem the first word of ``text`` that has it."""
    forms: dict[str, str] = {}
    for word in text.split():
        bare = word.strip(".,;:!?\"'()[]").lower()
        for cut in stems(bare):
            forms.setdefault(cut, bare)
    return forms
