"""Choosing a label by words: its own, its description's, the examples', a lexicon's."""

import re
from collections.abc import Sequence

import msgspec

from kapell.core.gateway.offline.language import lexicon
from kapell.core.gateway.offline.language.words import sentences, shortened, stem, stems, words
from kapell.core.gateway.offline.prompt import Example, Prompt

_URGENT = lexicon.phrases(lexicon.URGENT)
_CALM = lexicon.phrases(lexicon.CALM)
_POSITIVE = lexicon.phrases(lexicon.POSITIVE)
_NEGATIVE = lexicon.phrases(lexicon.NEGATIVE)
_SPAM = lexicon.phrases(lexicon.SPAM)
TOPICS = {topic: lexicon.phrases(text) for topic, text in lexicon.TOPICS.items()}
"""The senses of general topics, ready to count."""

_YES = frozenset(("yes", "true", "y"))
_NO = frozenset(("no", "false", "n"))
_MOODS = {
    "positive": 1.0, "negative": -1.0, "neutral": 0.0, "mixed": 0.0, "happy": 1.0, "satisfied": 1.0,
    "pleased": 1.0, "unhappy": -1.0, "angry": -1.0, "sad": -1.0, "dissatisfied": -1.0,
    "frustrated": -1.0, "good": 1.0, "bad": -1.0, "calm": 0.0,
}  # fmt: skip


class Label(msgspec.Struct, frozen=True):
    """One of the labels to choose from, with what is said about it."""

    name: str
    description: str = ""


class Choice(msgspec.Struct, frozen=True):
    """The label chosen (by index), how sure the counting is (0 to 1), the sentence that spoke.

    ``score`` is what the counting gave it; at 0 nothing spoke for any label.
    """

    index: int
    confidence: float
    score: float = 0.0
    evidence: str = ""


def urgency(text: str) -> float:
    """Return how urgent a text sounds, 0 to 1; 0.4 when nothing speaks either way."""
    hot, calm = lexicon.strength(_URGENT, text), lexicon.strength(_CALM, text)
    shouting = 0.3 if text.count("!") >= 2 else 0.0
    balance = hot + shouting - calm
    return max(0.0, min(1.0, 0.4 + 0.25 * balance))


def mood(text: str) -> float:
    """Return how a text feels, -1 to 1."""
    good, bad = lexicon.strength(_POSITIVE, text), lexicon.strength(_NEGATIVE, text)
    return max(-1.0, min(1.0, (good - bad) / (abs(good) + abs(bad) + 0.5)))


def choose(labels: Sequence[Label], prompt: Prompt, about: str = "") -> Choice:
    """Return the label that fits the matter best.

    Args:
        labels: What to choose from, at least one.
        prompt: The call; its guidance may define labels (``high: the customer cannot work``).
        about: Name and description of the field the label is for.
    """
    text = prompt.matter
    names = [label.name.strip().lower() for label in labels]
    described = [_described(label, names, f"{about}\n{prompt.guidance}") for label in labels]
    scores = [
        _overlap(label.name, described[index], names[index], text)
        + 2.0 * _examples(names[index], prompt.examples, text)
        for index, label in enumerate(labels)
    ]
    for index, extra in enumerate(_scale(names, about, text)):
        scores[index] += extra
    best = max(range(len(labels)), key=lambda index: (scores[index], -index))
    if scores[best] <= 0.2:
        best = _fallback(names)
    rest = [score for index, score in enumerate(scores) if index != best]
    runner = max(rest) if rest else 0.0
    margin = max(0.0, scores[best] - max(runner, 0.0)) / (abs(scores[best]) + 1.0)
    return Choice(
        index=best,
        confidence=round(0.5 + 0.45 * min(1.0, margin), 2),
        score=scores[best],
        evidence=evidence(described[best], names[best], text),
    )


def _described(label: Label, names: Sequence[str], guidance: str) -> str:
    """Return what the schema and the guidance say a label means."""
    name = re.escape(label.name.strip())
    pattern = re.compile(
        rf"(?:^|[\s\"'`*(,;.\-])[\"'`*]*{name}[\"'`*]*\s*(?:[:=]|[\u2013\u2014]|\s-\s|\bmeans\b|\bif\b|\bwhen\b|\bfor\b|\()\s*([^\n]+)",
        re.IGNORECASE | re.MULTILINE,
    )
    found = [label.description]
    for match in pattern.finditer(guidance):
        segment = re.split(r"[;)]", match[1])[0]
        for other in names:
            if other != label.name.strip().lower():
                cut = re.search(
                    rf"[\s,.\"'`]{re.escape(other)}[\"'`]?\s*(?:[:=]|[\u2013\u2014]|\s-\s|\bmeans\b|\bif\b|\bwhen\b|\bfor\b)",
                    segment,
                    re.IGNORECASE,
                )
                segment = segment[: cut.start()] if cut else segment
        found.append(segment)
    return " ".join(part for part in found if part)


def _overlap(name: str, description: str, lowered: str, text: str) -> float:
    """Return how much of a label's own words, description and lexicon the text has."""
    have = set(stems(text))
    own = [stem(word) for word in words(name.replace("_", " "))]
    score = 2.0 * sum(1 for word in own if word in have) / max(len(own), 1)
    told = list(dict.fromkeys(word for word in stems(description) if word not in own))
    score += sum(1.0 for word in told if word in have) * (1.0 if len(told) < 12 else 0.6)
    plain = lowered.replace("_", " ")
    for word in (plain, *plain.replace("-", " ").split()):
        topic = lexicon.ALIASES.get(word, word)
        if topic in TOPICS:
            near = max(
                (_topical(other, text) for other in lexicon.RELATED.get(topic, ())), default=0
            )
            return score + 1.2 * max(_topical(topic, text), 0.6 * near)
    return score


def _topical(topic: str, text: str) -> float:
    return max(0.0, lexicon.strength(TOPICS[topic], text, negations=False))


def _examples(name: str, examples: Sequence[Example], text: str) -> float:
    """Return how near the nearest example with this label is, 0 to 1."""
    have = list(dict.fromkeys(stems(text)))
    best = 0.0
    for example in examples:
        labels = [part.strip().lower() for part in re.split(r"[,/|]", example.label)]
        if name not in labels and f" {name}" not in f" {example.label.lower()}":
            continue
        theirs = list(dict.fromkeys(stems(example.text)))
        shared = sum(1 for word in theirs if word in have)
        best = max(best, shared / ((len(have) * len(theirs)) ** 0.5 or 1.0))
    return best


def _scale(names: Sequence[str], about: str, text: str) -> list[float]:
    """Return what the scales we know (urgency, mood, yes and no) say about each label."""
    plain = [name.replace("_", " ") for name in names]
    if all(name in lexicon.LEVELS for name in plain):
        return _nearest([lexicon.LEVELS[name] for name in plain], urgency(text), 3.0)
    if all(name in _MOODS for name in plain):
        return _nearest([_MOODS[name] for name in plain], mood(text), 1.5)
    if len(names) == 2 and {names[0], names[1]} <= _YES | _NO:
        holds = says(about, text)
        return [
            (1.5 if holds else -1.5) if name in _YES else (-1.5 if holds else 1.5) for name in names
        ]
    return [0.0] * len(names)


def _nearest(places: Sequence[float], value: float, weight: float) -> list[float]:
    low, high = min(places), max(places)
    width = (high - low) or 1.0
    return [weight * (1.0 - abs(place - min(max(value, low), high)) / width) for place in places]


def says(claim: str, text: str) -> bool:
    """Tell whether the text speaks for a claim given by name and description."""
    asked = list(dict.fromkeys(stems(claim.replace("_", " "))))
    if "urgent" in asked or "critic" in asked:
        return urgency(text) > 0.5
    if "posit" in asked or "happi" in asked or "satisfi" in asked:
        return mood(text) > 0.2
    if "negat" in asked or "angri" in asked or "unhappi" in asked:
        return mood(text) < -0.2
    if any(word in asked for word in ("spam", "scam", "phish", "junk")):
        return lexicon.strength(_SPAM, text) >= 1.0
    asked = [
        word
        for word in asked
        if word
        not in (
            "request",
            "need",
            "true",
            "fals",
            "whether",
            "custom",
            "contain",
            "mention",
            "user",
            "want",
        )
    ]
    have = set(stems(text))
    for topic, phrases in TOPICS.items():
        if (
            any(stem(word) in asked for word in topic.split())
            and lexicon.strength(phrases, text, negations=False) >= 1.0
        ):
            return True
    return any(word in have for word in asked[:6])


def _fallback(names: Sequence[str]) -> int:
    for other in lexicon.OTHER:
        if other in names:
            return list(names).index(other)
    return 0


def evidence(description: str, name: str, text: str) -> str:
    """Return the sentence of the text that shares most words with a label and its lexicon."""
    wanted = set(stems(f"{name} {description}"))
    for phrases in (
        _URGENT if name in lexicon.LEVELS else (),
        TOPICS.get(lexicon.ALIASES.get(name, name), ()),
    ):
        wanted.update(word for phrase, _ in phrases for word in phrase)
    best = (0, "")
    for sentence in sentences(text):
        shared = sum(1 for word in stems(sentence) if word in wanted)
        if shared > best[0]:
            best = (shared, sentence)
    return shortened(best[1] or next(iter(sentences(text)), ""), 160)
