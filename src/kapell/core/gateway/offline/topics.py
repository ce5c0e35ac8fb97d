"""What a text is about: a topic the author named, or a general one."""

import re

from kapell.core.gateway.offline.classify import TOPICS, Label, choose
from kapell.core.gateway.offline.language import lexicon
from kapell.core.gateway.offline.language.words import listed
from kapell.core.gateway.offline.prompt import Prompt

_BETWEEN = r"\s*,\s*(?:or\s+|and\s+)?|\s*[/|]\s*|\s+or\s+|\s+and\s+"
_NAMED = r"[\"'`]?[A-Za-z][\w -]{0,29}?[\"'`]?"
_LIST = rf"((?:{_NAMED}(?:{_BETWEEN}))+[\"'`]?[A-Za-z][\w-]*(?: request)?[\"'`]?)"
_OPEN = re.compile(rf"(?:such as|for example|e\.g\.|like)[:\s]+{_LIST}", re.IGNORECASE)
_LEADS = "one of|either|choose from|choose among|pick from|options|categories|labels?"
_CLOSED = re.compile(rf"(?:{_LEADS})[:\s]+\(?{_LIST}", re.IGNORECASE)
_ENOUGH = 0.6
_FIELD_WORDS = listed("topic category theme area class classification label intent department")


def named_labels(text: str, *, closed: bool) -> list[str]:
    """Return the labels a text lists: after ``one of`` (closed) or ``such as`` (open)."""
    match = (_CLOSED if closed else _OPEN).search(" ".join(text.split()))
    parts = re.split(_BETWEEN, match[1]) if match else []
    return list(dict.fromkeys(part.strip(" \"'`") for part in parts if part.strip(" \"'`")))


def general_topic(text: str) -> tuple[str, float]:
    """Return the general topic that most words speak for, and how strongly."""
    found = {
        name: lexicon.strength(phrases, text, negations=False) for name, phrases in TOPICS.items()
    }
    best = max(found, key=lambda name: found[name])
    return (best, found[best]) if found[best] >= _ENOUGH else ("general", 0.0)


def topic(prompt: Prompt, about: str = "") -> str:
    """Return what the matter of a prompt is about.

    Labels that the author lists come first; an open list gives way to a general topic for which
    clearly more words speak.
    """
    guidance = _passage(f"{about}\n{prompt.guidance}")
    labels = named_labels(guidance, closed=True)
    if labels:
        return labels[choose([Label(name) for name in labels], prompt, about).index]
    general, strength = general_topic(prompt.matter)
    labels = named_labels(guidance, closed=False)
    if labels:
        best = choose([Label(name) for name in labels], prompt, about)
        if best.score >= max(_ENOUGH, strength):
            return labels[best.index]
    return general


def _passage(guidance: str) -> str:
    """Return the part of the guidance that speaks of topics; all of it when none says so."""
    for paragraph in re.split(r"\n\s*\n", guidance):
        lead = re.match(r"\W*(\w+)", paragraph)
        if lead and lead[1].lower() in _FIELD_WORDS:
            return paragraph
    return guidance
