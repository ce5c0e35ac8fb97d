"""What stands in files: texts however they are written, and the files that archives hold.

Archives come from strangers: how much of them is unpacked, how deep and at which ratio has bounds,
and what lies beyond them counts as what could not be looked over.
"""

import codecs
import html
import re
import tarfile
import zlib
from bz2 import BZ2File
from collections.abc import Iterator
from functools import cache
from gzip import GzipFile
from io import BytesIO
from typing import IO, TypeAlias, cast
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, is_zipfile

LARGEST = 1 << 20
"""Bytes of a file that is looked over; of one in an archive too."""

MOST = 4 << 20
"""Bytes of all that is unpacked of one file."""

MEMBERS = 500
"""Files in archives that are looked over."""

DEEPEST = 5
"""Archives and packed files within each other."""

RATIO = 200
"""How many times a packed file may grow, where it becomes more than a few pages."""

_SMALL = 1 << 16
_CONTROLS = bytes({*range(32), 127} - {9, 10, 12, 13, 27})
_FEW = 100  # of so many bytes one may be a control character, and it is a text all the same
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ROWS = frozenset(range(7))  # Latin, Greek, Cyrillic, Hebrew, Arabic: one byte of their letters
_KNOWN = (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2)  # others may ask for any amount of memory
_BROKEN = (
    *(BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError),
    *(ValueError, RuntimeError, LookupError),
)
"""What libraries raise of archives that are broken, sealed with a password or unknown to them."""

_Member: TypeAlias = tuple[str, bytes | None]
"""The name of a file in an archive and its bytes, None where they cannot be had."""


class Budget:
    """What may still be unpacked of a file."""

    def __init__(self) -> None:
        self.bytes = MOST
        self.members = MEMBERS

    def room(self, packed: int) -> int:
        """Return how many bytes a member may become; one more says that it is too many."""
        return min(LARGEST, self.bytes, max(_SMALL, packed * RATIO))


def texts_of(data: bytes, budget: Budget | None = None, depth: int = 0) -> Iterator[str | None]:
    """Yield every text in the bytes of a file; None for each part that cannot be looked over."""
    own = budget or Budget()
    if len(data) > LARGEST:
        yield None
        return
    text = text_of(data)
    if text is not None:
        yield text
        yield from _spoken(text)
    members = _members(data, own)
    if members is None:
        if text is None:
            yield None
        return
    try:
        for name, inner in members:
            own.members -= 1
            if depth + 1 >= DEEPEST or own.members < 0 or inner is None:
                yield None
                if own.members < 0:
                    return
                continue
            own.bytes -= len(inner)
            if name:
                yield name
            yield from texts_of(inner, own, depth + 1)
    except _BROKEN:
        yield None


def text_of(data: bytes) -> str | None:
    """Return the text that bytes are, None when they are none or too many."""
    if len(data) > LARGEST:
        return None
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if not controls:
        return text
    wide = _wide(data)
    if wide is not None:
        return wide
    return text if controls * _FEW <= len(data) else None


def _wide(data: bytes) -> str | None:
    """Return the text of two bytes a character that bytes are without saying so, or None."""
    half = len(data) // 2
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        rows = data[first : 2 * half : 2]
        if half >= 4 and sum(map(_ROWS.__contains__, rows)) * 10 >= half * 6:
            text = data[: 2 * half].decode(name, "replace")
            if sum(one.isprintable() or one.isspace() for one in text) * 20 >= len(text) * 19:
                return text
    return None


def _spoken(text: str) -> Iterator[str]:
    """Yield the words of a document's markup, where marks may stand in the middle of a value."""
    if text.startswith("<?xml"):
        lines = _ends().sub("\n", text)
        yield html.unescape(_tags().sub("", lines))


@cache
def _tags() -> re.Pattern[str]:
    return re.compile(r"<[^<>]{1,2000}>")


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(r"</(?:\w{1,20}:)?(?:p|tr|tc|c|row|si|sp)>|<(?:\w{1,20}:)?(?:br|tab)\b")


def _members(data: bytes, budget: Budget) -> Iterator[_Member] | None:
    """Return the files in an archive with their names, or what is packed; None for neither."""
    if data.startswith(b"\x1f\x8b"):
        return _packed(cast("IO[bytes]", GzipFile(fileobj=BytesIO(data))), len(data), budget)
    if data.startswith(b"BZh"):
        return _packed(cast("IO[bytes]", BZ2File(BytesIO(data))), len(data), budget)
    if data[257:262] == b"ustar":
        return _tar(data, budget)
    if is_zipfile(BytesIO(data)):  # one may stand behind other bytes
        return _zip(data, budget)
    return None


def _packed(file: IO[bytes], size: int, budget: Budget) -> Iterator[_Member]:
    room = budget.room(size)
    with file:
        inner = file.read(room + 1)
    yield "", inner if len(inner) <= room else None


def _zip(data: bytes, budget: Budget) -> Iterator[_Member]:
    with ZipFile(BytesIO(data)) as archive:
        if archive.comment:
            yield "", archive.comment
        for one in archive.infolist():
            if one.is_dir():
                yield one.filename, b""
                continue
            room = budget.room(one.compress_size)
            if one.file_size > room or one.compress_type not in _KNOWN:
                yield "", None
                continue
            try:
                with archive.open(one) as file:
                    inner = file.read(room + 1)
            except _BROKEN:
                yield "", None
                continue
            yield one.filename, inner if len(inner) <= room else None


def _tar(data: bytes, budget: Budget) -> Iterator[_Member]:
    with tarfile.open(fileobj=BytesIO(data), mode="r:") as archive:
        for one in archive:
            file = archive.extractfile(one) if one.isfile() else None
            if file is None:
                yield one.name, one.linkname.encode(errors="replace")
            elif one.size > budget.room(one.size):
                yield "", None
            else:
                yield one.name, file.read()
