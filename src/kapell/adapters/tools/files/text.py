"""Bytes as text, without guessing: UTF-8 or a byte order mark, or the encoding the author names."""

import codecs
import io
import re

from kapell.adapters.tools.files.sources import Source
from kapell.kit.errors import Invalid

HEAD = 65_536
"""Bytes looked at to tell text from noise."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a spreadsheet or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x89PNG", "an image"),
    (b"PAR1", "a Parquet file"),
)
# a list of what is allowed: some codecs are no text, some take time with the square of the length
_ENCODINGS = re.compile(
    r"(?i)(utf|ucs)[-_]?(8|16|32)([-_]?(le|be|sig))?|(us[-_]?)?ascii|iso[-_]?8859[-_]?\d{1,2}"
    r"|latin[-_]?\d{1,2}|(windows|cp|ibm)[-_]?\d{3,4}|mac[-_]?(roman|latin2|cyrillic|greek)"
    r"|gb(k|2312|18030)|big5(hkscs)?|euc[-_]?(jp|kr)|s(hift)?[-_]?jis|koi8[-_][rtu]"
)
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")
_NOISE = 0.02


def opened_text(source: Source, encoding: str | None) -> io.TextIOWrapper:
    """Return the source as a stream of text with its line ends untouched.

    Raises:
        Invalid: ``file_not_text``; ``encoding_unknown``.
    """
    head = source.stream.read(HEAD)
    source.stream.seek(0)
    chosen = _named(encoding) if encoding else _found(head, source.name)
    return io.TextIOWrapper(source.stream, encoding=chosen, errors="strict", newline="")


def not_text(name: str, what: str) -> Invalid:
    """Return the error for noise where text is meant."""
    return Invalid(
        f"The file {name!r} is not text: {what}.",
        code="file_not_text",
        advice="Save it as text, a table as CSV; if it is text in UTF-16 without a mark, "
        "pass `encoding: utf-16-le`.",
    )


def not_decodable(name: str, encoding: str, line: int | None = None) -> Invalid:
    """Return the error for bytes that are no text in this encoding."""
    where = f" after line {line}" if line else ""
    label = encoding.removesuffix("-sig").upper()
    return Invalid(
        f"The file {name!r} is not written in {label}{where}.",
        code="file_encoding",
        advice="Save it as UTF-8, or pass the encoding it has, such as `encoding: cp1252`.",
    )


def known_encoding(name: str) -> str | None:
    """Return the proper name of an encoding people write text in, None for any other codec."""
    if not _ENCODINGS.fullmatch(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _named(encoding: str) -> str:
    """Return an encoding's proper name; UTF-8 accepts a byte order mark."""
    found = known_encoding(encoding)
    if found is None:
        raise Invalid(
            f"There is no text encoding {encoding[:40]!r}.",
            code="encoding_unknown",
            advice="Give a known one, such as utf-8, utf-16, cp1252 or latin-1.",
        )
    return "utf-8-sig" if found == "utf-8" else found


def _found(head: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for start, what in _BINARY:
        if head.startswith(start):
            raise not_text(name, f"it is {what}")
    if 0 in head:
        raise not_text(name, "it holds NUL bytes")
    if sum(byte in _CONTROLS for byte in head) > _NOISE * len(head):
        raise not_text(name, "it is full of control characters")
    return "utf-8"
