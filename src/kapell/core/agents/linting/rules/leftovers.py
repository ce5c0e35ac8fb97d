"""Was something left to be filled in?"""

import re
from collections.abc import Iterator

from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_OPEN = tuple("".join(halves) for halves in (("TO", "DO"), ("FIX", "ME"), ("TB", "D"), ("XX", "X")))
_LEFT = re.compile(
    rf"\b(?:{'|'.join(_OPEN)})\b|\blorem ipsum\b|\[(?:insert|your|name|company)[^\]]*\]|"
    r"<(?:insert|your|name|company)[^>]*>|\bSay here (?:who|what)\b|\bfill (?:this )?in here\b",
    re.IGNORECASE,
)


def placeholder(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find words that stand where something was to be written."""
    for one in subject.prompt.sentences:
        match = _LEFT.search(re.sub(r"`[^`]*`", lambda quoted: " " * len(quoted[0]), one.text))
        if match:
            yield Found(
                subject.prompt.place(one.line, one.column + match.start()),
                f"`{match[0]}` was left to be filled in.",
                "Write what belongs there, or take it out.",
            )
