"""What is written when the offline model is asked for work it cannot do: an outline of it."""

import re

from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import central, headline
from kapell.core.gateway.offline.language.words import name_words, sentences, shortened
from kapell.core.gateway.offline.prompt import Prompt

_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+(.+)$", re.MULTILINE)


def outline(prompt: Prompt) -> str:
    """Return the task in a line, what is known about it, and the points the role asks for."""
    task = _task(prompt)
    lines = [f"Task: {task}"]
    known = extract.pairs(prompt.matter)
    if known:
        lines += [
            "Given:",
            *(f"- {name}: {shortened(value, 160)}" for name, value in list(known.items())[:12]),
        ]
    said = [
        sentence
        for sentence in central(prompt.matter, 3)
        if sentence.rstrip(".") != task.rstrip(".") and not known
    ]
    if said:
        lines += ["Matter:", *(f"- {shortened(sentence, 200)}" for sentence in said)]
    points = [point.strip() for point in _BULLET.findall(prompt.role)][:8]
    if points:
        lines += [
            "To be checked, as the agent's role says:",
            *(f"- {shortened(point, 160)}" for point in points),
        ]
    lines.append("Nothing was carried out: the offline model only restates what it was given.")
    return "\n".join(lines)


def _task(prompt: Prompt) -> str:
    first = prompt.instruction or next(iter(sentences(prompt.matter)), "") or headline(prompt.role)
    if re.fullmatch(r"[\w.-]+", first):
        first = " ".join(name_words(first))
    return shortened(first, 200) or "nothing was asked"
