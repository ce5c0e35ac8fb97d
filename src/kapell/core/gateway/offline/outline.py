"""What is written when the offline model is asked for work it cannot do: an outline of it."""

import re

from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import central, headline
from kapell.core.gateway.offline.language.words import name_words, sentences, shortened, words
from kapell.core.gateway.offline.prompt import Prompt

_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+(.+(?:\n[ \t]+\S.*)*)$", re.MULTILINE)
_ASKED_LIST = re.compile(
    r":[ \t]*\n\s*\n?((?:[ \t]*(?:[-*•]|\d+[.)])[ \t]+.+(?:\n[ \t]+\S.*)*\n?)+)"
)
_SHORT = 60

NOTHING_DONE = "Nothing was carried out: the offline model only restates what it was given."


def outline(prompt: Prompt) -> str:
    """Return the task in a line, what is known about it, and the points the role asks for."""
    known = extract.pairs(prompt.matter)
    task, said = _task(prompt, known=bool(known))
    lines = [f"Task: {task}"]
    if known:
        pairs = list(known.items())[:12]
        lines += ["Given:", *(f"- {name}: {shortened(value, 160)}" for name, value in pairs)]
    elif said:
        lines += ["Matter:", *(f"- {shortened(sentence, 200)}" for sentence in said)]
    # Only a list that a colon announces says what an answer should hold; others are manners.
    asked = _ASKED_LIST.search(prompt.role + "\n")
    points = [" ".join(point.split()) for point in _BULLET.findall(asked[1])][:8] if asked else []
    if points:
        lines += ["Asked for by the agent's role:", *(f"- {shortened(one, 160)}" for one in points)]
    lines.append(NOTHING_DONE)
    return "\n".join(lines)


def _task(prompt: Prompt, *, known: bool) -> tuple[str, list[str]]:
    """Return the task and the sentences of the matter that it does not already hold."""
    said = central(prompt.matter, 4)
    first = prompt.instruction or next(iter(sentences(prompt.matter)), "") or headline(prompt.role)
    if re.fullmatch(r"[\w.-]+", first):
        first = " ".join(name_words(first))
    elif len(first) <= _SHORT and said and not known and words(said[0]) != words(first):
        first = f"{first}: {said[0]}"
    task = shortened(first, 200) or "nothing was asked"
    held = " ".join(words(task.replace("_", " ")))
    return task, [one for one in said if " ".join(words(one.replace("_", " "))) not in held]
