"""What a list in the answer is made from: bullets, labels that apply, addresses, sentences."""

import re
from collections.abc import Sequence

from kapell.core.gateway.offline.classify import Label, choose
from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import central, keywords
from kapell.core.gateway.offline.language.words import listed, name_words, stems
from kapell.core.gateway.offline.prompt import Prompt
from kapell.core.gateway.offline.shapes.fields import Field
from kapell.core.gateway.offline.shapes.schema import Node, types

_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+(.+)$", re.MULTILINE)
_WORDS = frozenset(("keywords", "keyword", "tags", "tag", "labels", "topics", "terms", "themes"))
_SAYINGS = listed(
    "steps tasks actions points items findings highlights sentences lines issues problems facts "
    "questions requirements todos notes key takeaways bullets cases tests checks risks ideas"
)


def items_for(node: Node, field: Field, prompt: Prompt, labels: Sequence[Label]) -> list[str]:
    """Return one text for each item the list should have, at most as many as the matter holds."""
    matter = prompt.matter
    if labels:
        return _applying(labels, field, prompt)
    kind, own = node.get("format"), name_words(field.name)
    if kind == "email" or "emails" in own or "email" in own:
        return extract.emails(matter)
    if kind in ("uri", "url") or "urls" in own or "links" in own:
        return extract.urls(matter)
    if kind in ("date", "date-time") or "dates" in own:
        return extract.dates(matter)
    if types(node)[0] in ("integer", "number"):
        return [f"{number:g}" for number in extract.numbers(matter)]
    stated = field.stated(prompt)
    if stated is not None and types(node) == ["string"]:
        return [part.strip() for part in re.split(r"[,;]", stated) if part.strip()]
    bullets = [bullet.strip() for bullet in _BULLET.findall(matter)]
    if bullets:
        return bullets
    if any(word in _WORDS for word in own):
        return keywords(matter)
    if types(node)[0] == "object" or any(word in _SAYINGS for word in own):
        return central(matter, 5)
    return []


def _applying(labels: Sequence[Label], field: Field, prompt: Prompt) -> list[str]:
    """Return the labels whose words the matter has; the best one when none has."""
    have = set(stems(prompt.matter))
    found = [
        label.name
        for label in labels
        if any(
            word in have for word in stems(f"{label.name} {label.description}".replace("_", " "))
        )
    ]
    return found or [labels[choose(labels, prompt, field.about).index].name]
