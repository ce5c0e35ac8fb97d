"""What stands in files is read however it is written or packed; what cannot be is counted."""

import bz2
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.services.guardrails.archives import LARGEST, MEMBERS, MOST, text_of, texts_of

pytestmark = pytest.mark.requirement("GR-02", "TL-06")

SAID = "the card is 4111 1111 1111 1111"
WORDS = "<w:p><w:r><w:t>the card is 4111</w:t></w:r><w:r><w:t> 1111 1111 1111</w:t></w:r></w:p>"


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(data: bytes) -> bytes:
    """Return a tar of a file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def one(data: bytes) -> bytes:
    """Return a zip of one file."""
    return zipped({"a.txt": data})


@pytest.mark.parametrize(
    "written",
    [
        SAID.encode(),
        SAID.encode("utf-16"),
        SAID.encode("utf-16-le"),
        SAID.encode("utf-16-be"),
        SAID.encode("utf-16") + b"\x00\xd8",
        ("\u043a\u0430\u0440\u0442\u0430 " * 20 + SAID).encode("utf-16-le"),
        f"{SAID} \xe9".encode("latin-1"),
        SAID.encode() + b"\x00" + b"and so on " * 40,
    ],
)
@pytest.mark.parametrize(
    "pack",
    [bytes, one, tarred, gzip.compress, bz2.compress, lambda data: gzip.compress(tarred(data)),
     lambda data: b"x" * 50 + one(data), lambda data: one(one(data)),
     lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])],
)  # fmt: skip
def test_a_text_is_read_however_it_is_written_and_packed(
    written: bytes, pack: Callable[[bytes], bytes]
) -> None:
    found = list(texts_of(pack(written)))
    assert any(SAID in text for text in found if text is not None)
    assert None not in found


def test_a_value_cut_by_the_marks_of_a_document_is_whole_and_names_are_read() -> None:
    document = f'<?xml version="1.0"?><w:document>{WORDS}</w:document>'.encode()
    found = list(texts_of(zipped({"word/document.xml": document, "about-anna.xml": b""})))
    assert any(SAID in text for text in found if text is not None)
    assert "about-anna.xml" in found


def sealed() -> bytes:
    """Return a zip that says its file is sealed with a password."""
    made = bytearray(zipped({"a.txt": b"x"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + at] |= 1
    return bytes(made)


@pytest.mark.parametrize(
    "made",
    [
        lambda: b"a" * (LARGEST + 1),
        lambda: os.urandom(4000),
        lambda: b"\x89PNG\x00\x01",
        lambda: zipped({"a.txt": b"a" * LARGEST}),
        lambda: gzip.compress(b"a" * (LARGEST + 1)),
        lambda: gzip.compress(gzip.compress(b"\0" * 10_000_000)),
        lambda: bz2.compress(b"\0" * 50_000_000),
        lambda: zipped({f"{n}.txt": os.urandom(300_000).hex().encode() for n in range(9)}),
        lambda: zipped({str(n): b"" for n in range(MEMBERS + 10)}),
        lambda: one(one(one(one(one(one(SAID.encode())))))),
        lambda: one(SAID.encode())[:-30],
        lambda: one(SAID.encode()).replace(b"a.txt", b"b.txt", 1),
        lambda: gzip.compress(SAID.encode())[:-9],
        lambda: tarred(SAID.encode())[:600],
        lambda: sealed(),
        lambda: zipped({"a.txt": b"x"}, zipfile.ZIP_LZMA),
    ],
    ids=range(16),
)
def test_what_cannot_be_looked_over_is_counted(made: Callable[[], bytes]) -> None:
    found = list(texts_of(made()))
    assert None in found
    assert sum(len(text) for text in found if text is not None) <= MOST


@given(st.binary(max_size=400), st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b""]))
def test_any_bytes_are_read_to_their_end(data: bytes, mark: bytes) -> None:
    assert all(text is None or isinstance(text, str) for text in texts_of(mark + data))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 200))
def test_a_broken_archive_is_told_or_read(noise: bytes, at: int) -> None:
    whole = zipped({"a.txt": SAID.encode(), "b.txt": b"x" * 50})
    assert list(texts_of(whole[:at] + noise + whole[at + len(noise) :]))


def test_what_is_no_text_is_none() -> None:
    assert text_of(b"\x00" * 100) is None
    assert text_of(bytes(range(256)) * 4) is None
