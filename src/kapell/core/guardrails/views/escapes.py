r"""Escapes read as what they stand for: ``%40``, ``\u0040``, ``\x40``, ``&#64;``, ``=40``."""

import html
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.views.view import Edit, View, edited

_ESCAPES = (
    r"[%\\&=](?:(?<=%)(?P<percent>[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2}){0,63})"
    r"|(?<=\\)\\{0,3}(?:u\{0{0,4}(?P<braced>[0-9A-Fa-f]{1,6})\}|u(?P<four>[0-9A-Fa-f]{4})"
    r"|U(?P<eight>[0-9A-Fa-f]{8})|x(?P<two>[0-9A-Fa-f]{2})|(?P<octal>[01][0-7]{2}))"
    r"|(?<=&)(?P<entity>#x?[0-9A-Fa-f]{2,7}|amp|commat|period|lowbar|colon|lt|gt|quot|num|sol"
    r"|hyphen|nbsp|dash|equals|plus|Tab|NewLine);?"
    r"|(?<==)(?P<quoted>[0-9A-F]{2}))"
)
_MARKS = ("%", "\\", "&", "=")


def unescaped(text: str) -> View | None:
    """Return a text with its escapes read, or None when it has none."""
    if not any(mark in text for mark in _MARKS):
        return None
    edits = list(_edits(text))
    return edited(text, edits) if edits else None


def _edits(text: str) -> Iterator[Edit]:
    for match in compiled(_ESCAPES).finditer(text):
        start = match.start()
        name = match.lastgroup
        said = match[name] if name else ""
        if name == "percent":
            yield from _percent(start, bytes.fromhex(said.replace("%", "")))
        elif name == "entity":
            yield start, match.end(), html.unescape(f"&{said};")
        elif name == "quoted":
            yield start, match.end(), chr(int(said, 16))
        else:
            code = int(said, 8 if name == "octal" else 16)
            if code < 0x110000:
                yield start, match.end(), chr(code)


def _percent(start: int, octets: bytes) -> Iterator[Edit]:
    if octets.isascii():
        for at, octet in enumerate(octets):
            yield start + 3 * at, start + 3 * at + 3, chr(octet)
    else:
        yield start, start + 3 * len(octets), octets.decode("utf-8", "replace")
