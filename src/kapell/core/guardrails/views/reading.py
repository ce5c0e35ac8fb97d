"""What a text may be read as besides what it looks like."""

from collections.abc import Iterator

from kapell.core.guardrails.views.encodings import decoded, turned
from kapell.core.guardrails.views.escapes import unescaped
from kapell.core.guardrails.views.spelling import joined
from kapell.core.guardrails.views.view import View

_SHORTEST = 12
"""Shorter texts hold nothing that is encoded."""


def readings(text: str) -> Iterator[View]:
    """Yield the text with its escapes read, its spelled words joined, its encodings decoded."""
    if len(text) < _SHORTEST:
        return
    for read in (unescaped(text), joined(text), turned(text)):
        if read is not None:
            yield read
    yield from decoded(text)
