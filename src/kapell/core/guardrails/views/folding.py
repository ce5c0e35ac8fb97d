"""Characters that look like others or like nothing: read as what a person sees."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.views.view import Edit, View, edited

# Letters of Cyrillic and Greek that pass for Latin ones, by code point: they are folded only in
# words that mix them with Latin letters or digits, so that Russian and Greek stay what they are.
_LOOKALIKES: dict[int, str] = {
    0x0391: "A", 0x0392: "B", 0x0395: "E", 0x0396: "Z", 0x0397: "H", 0x0399: "I", 0x039A: "K",
    0x039C: "M", 0x039D: "N", 0x039F: "O", 0x03A1: "P", 0x03A4: "T", 0x03A5: "Y", 0x03A7: "X",
    0x03B1: "a", 0x03B5: "e", 0x03B9: "i", 0x03BA: "k", 0x03BD: "v", 0x03BF: "o", 0x03C1: "p",
    0x03C4: "t", 0x03C5: "u", 0x03C7: "x", 0x0405: "S", 0x0406: "I", 0x0408: "J", 0x0410: "A",
    0x0412: "B", 0x0415: "E", 0x041A: "K", 0x041C: "M", 0x041D: "H", 0x041E: "O", 0x0420: "P",
    0x0421: "C", 0x0422: "T", 0x0423: "Y", 0x0425: "X", 0x0430: "a", 0x0435: "e", 0x043A: "k",
    0x043C: "m", 0x043E: "o", 0x0440: "p", 0x0441: "c", 0x0442: "t", 0x0443: "y", 0x0445: "x",
    0x0455: "s", 0x0456: "i", 0x0458: "j", 0x04BB: "h", 0x0501: "d", 0x051B: "q", 0x051D: "w",
    0x0261: "g", 0x0131: "i", 0x0237: "j", 0x1D0F: "o", 0x1D04: "c", 0x1D1C: "u",
}  # fmt: skip
_MIXED = (
    r"[0-9A-Za-z@._\-]{0,64}[\u0391-\u03c9\u0405-\u045f\u04bb\u0501\u051b\u051d\u0261\u0131\u0237"
    r"\u1d04\u1d0f\u1d1c][\w@.\-]{0,64}"
)
_UNSEEN = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]{1,64}"
)
_ODD = (
    r"[\u00a0\u00b2\u00b3\u00b9\u00bc-\u00be\u2000-\u200a\u2010-\u2015\u2024\u202f\u205f\u2043\u2212"
    r"\u2070-\u209c\u2100-\u218f\u2215\u2236\u2460-\u24ff\u2776-\u2793\u3000\ua789\ufb00-\ufb06"
    r"\ufe50-\ufe6b\uff01-\uff5e\uffe0-\uffe6\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff"
    r"\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u0a66-\u0a6f\u0ae6-\u0aef"
    r"\u0b66-\u0b6f\u0be6-\u0bef\u0c66-\u0c6f\u0ce6-\u0cef\u0d66-\u0d6f\u0e50-\u0e59\u0ed0-\u0ed9"
    r"\u0f20-\u0f29\u1040-\u1049\u17e0-\u17e9\u1810-\u1819]"
)
_CLASSES = rf"(?P<unseen>{_UNSEEN})|(?P<odd>{_ODD})"
_DASHES = frozenset(range(0x2010, 0x2016)) | {0x2043, 0x2212}
_BLANK = re.compile(r"\s")


def folded(text: str) -> View:
    """Return a text as it looks: unseen characters left out, look-alikes as what they look like.

    Tag characters (a second ASCII that nobody sees) are read as the ASCII they stand for.
    """
    if text.isascii():
        return View(text)
    edits = sorted(_edits(text))
    return edited(text, edits)


def _edits(text: str) -> Iterator[Edit]:
    for match in compiled(_CLASSES).finditer(text):
        start, end = match.span()
        if match.lastgroup == "odd":
            yield start, end, _plain(text[start])
        else:
            yield from _tags(text, start, end)
    for match in compiled(_MIXED).finditer(text):
        word = match.group()
        if any(character.isascii() and character.isalnum() for character in word):
            for at, character in enumerate(word, match.start()):
                if look := _LOOKALIKES.get(ord(character)):
                    yield at, at + 1, look


def _tags(text: str, start: int, end: int) -> Iterator[Edit]:
    for at in range(start, end):
        code = ord(text[at])
        yield at, at + 1, chr(code - 0xE0000) if 0xE0020 <= code < 0xE007F else ""


@cache
def _plain(character: str) -> str:
    """Return what one odd character is read as."""
    if ord(character) in _DASHES:
        return "-"
    if _BLANK.match(character):
        return " "
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if 0x1F1E6 <= ord(character) <= 0x1F1FF:
        return chr(ord(character) - 0x1F1E6 + ord("A"))
    if 0x1F130 <= ord(character) <= 0x1F189:
        return chr((ord(character) - 0x1F130) % 32 % 26 + ord("A"))
    read = unicodedata.normalize("NFKC", character)
    return {"\u2024": ".", "\ua789": ":", "\u2236": ":", "\u2215": "/"}.get(character, read)
