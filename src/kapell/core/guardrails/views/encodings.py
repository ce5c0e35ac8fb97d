"""Parts of a text that are another text, encoded: base64, base32, hexadecimal and bits."""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.views.view import View, piece

_SHORTEST = 12
_HEX = r"(?<![0-9A-Za-z])(?:0x|\\x)?[0-9A-Fa-f]{2}(?:(?:[ :,]|, ?0x|0x|\\x)?[0-9A-Fa-f]{2}){7,}"
_BITS = r"(?<![0-9A-Za-z])[01]{8}(?:[ ,\n]?[01]{8}){7,20000}"
BLOCKS = r"[A-Za-z0-9+/_\-]{12,}(?:\r?\n[ >]{0,4}[A-Za-z0-9+/_\-]{12,}){0,2000}={0,2}"
_PRINTED = bytes([*range(32, 127), 9, 10, 13])
_READABLE = 0.9


def decoded(text: str) -> Iterator[View]:
    """Yield each part of a text that decodes to a readable text."""
    for match in compiled(_HEX).finditer(text):
        digits = compiled(r"0x|\\x|[ :,]").sub("", match.group())
        if read := _readable(bytes.fromhex(digits[: len(digits) // 2 * 2])):
            yield piece(read, *match.span())
    for match in compiled(_BITS).finditer(text) if "01" in text else ():
        bits = compiled(r"[ ,\n]").sub("", match.group())
        octets = (int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
        if read := _readable(bytes(octets)):
            yield piece(read, *match.span())
    for match in compiled(BLOCKS).finditer(text):
        said = match.group().rstrip("=")
        if _wordy(said):
            continue
        if read := _base64(said) or _base32(said):
            yield piece(read, *match.span())


def turned(text: str) -> View | None:
    """Return a text with its letters turned by thirteen, when it speaks of that, or None."""
    if compiled(r"rot[ \-]?13", re.IGNORECASE).search(text) is None:
        return None
    return View(codecs.encode(text, "rot13"), (0,), (0,), (-1,))


def _wordy(said: str) -> bool:
    """Tell whether this is an ordinary word or path, which need not be tried."""
    return len(said) < 40 and said.isalpha() and (said.islower() or said.istitle())


def _base64(said: str) -> str:
    """Return what base64 says, read from each of the four places it may begin at."""
    plain = compiled(r"[\s>]+").sub("", said).replace("-", "+").replace("_", "/")
    for skipped in range(4 if len(plain) < 4096 else 1):
        part = plain[skipped:]
        if len(part) < _SHORTEST:
            break
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            octets = binascii.a2b_base64(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        if read := _readable(octets):
            return read
    return ""


def _base32(said: str) -> str:
    if not said.isupper() or not said.isalnum() or len(said) < 16:
        return ""
    try:
        return _readable(base64.b32decode(said + "=" * (-len(said) % 8)))
    except binascii.Error:
        return ""


def _readable(octets: bytes) -> str:
    """Return octets as a text when a person could read them, else nothing."""
    if len(octets) < 8:
        return ""
    if octets.count(0) * 3 > len(octets):
        octets = octets.replace(b"\0", b"")
    head = octets[:400]
    if len(head) - len(head.translate(None, _PRINTED)) >= _READABLE * len(head):
        return octets.decode("utf-8", "replace")
    try:
        read = octets.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    seen = read[:200]
    return read if sum(map(str.isprintable, seen)) >= _READABLE * len(seen) else ""
