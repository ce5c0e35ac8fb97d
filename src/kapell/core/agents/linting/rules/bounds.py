"""Is there an end to what the agent is told to do?"""

import re
from collections.abc import Iterator

from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_ENDLESS = re.compile(
    r"\b(never stop|never give up|do not stop|don't stop|keep (?:trying|going|searching|iterating|"
    r"working|refining|improving)|as (?:many|often) (?:times |turns |calls )?as (?:needed|"
    r"necessary|you (?:like|want|need|wish)|it takes)|as long as (?:it takes|needed|necessary)|"
    r"forever|indefinitely|endlessly|without (?:any )?limits?|no limit(?:s)? (?:on|to)|"
    r"(?:retry|repeat|iterate|loop|continue|try again)(?: \w+){0,4} until|"
    r"until (?:it|everything|the \w+|you)(?: \w+){0,2} (?:is|are|be|becomes?) "
    r"(?:\w+ )?(?:perfect|flawless|satisfied|happy|certain|complete|done)|"
    r"whatever it takes|at any cost|at all costs|every possible|all possible|"
    r"exhaust(?:ively|ive)? (?:search|all|every|explore|list))\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(at most|no more than|up to|maximum|max\.?|not more than|within|limit(?:ed)? to|or until|"
    r"or after|fewer than|less than|once|twice|budget|deadline)\b|\b\d+\b|"
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten) (?:times|attempts|tries|passes|turns|"
    r"searches|calls|rounds|minutes)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(do not|don't|never|avoid|must not|instead of)\b", re.IGNORECASE)


def unbounded(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find orders without an end: the agent works until its budget stops it."""
    said = subject.prompt.sentences
    for index, one in enumerate(said):
        match = _ENDLESS.search(one.text)
        if match is None:
            continue
        following = said[index + 1].text if index + 1 < len(said) else ""
        denied = _DENIED.search(one.text[: match.start()])
        if denied or _BOUND.search(one.text) or _BOUND.search(_stops(following)):
            continue
        yield Found(
            subject.prompt.place(one.line, one.column + match.start()),
            f"`{match[0]}` has no end: the agent goes on until its budget stops it.",
            "Say how often at most, and what to do when that was not enough.",
        )


def _stops(sentence: str) -> str:
    """Return a sentence when it speaks of ending."""
    return sentence if re.search(r"\b(stop|end|give up|then)\b", sentence, re.IGNORECASE) else ""
