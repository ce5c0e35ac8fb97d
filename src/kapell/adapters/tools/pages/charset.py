"""Bytes of a page as text: its mark, what the server says, what the page says, what is likely."""

import codecs
import re

from kapell.adapters.tools.files.text import known_encoding

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_-]{1,40})""")
_HEAD = 4096
# what the standard of HTML reads in place of what pages say
_READ_AS = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}


def page_text(data: bytes, said: str | None, *, html: bool) -> tuple[str, str]:
    """Return the text and the encoding it was read in; what no text has becomes U+FFFD."""
    candidates = _candidates(data, said, html=html)
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode(candidates[0], "replace"), candidates[0]


def _candidates(data: bytes, said: str | None, *, html: bool) -> list[str]:
    found = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    names = [said or ""]
    if html and (meta := _META.search(data[:_HEAD])):
        names.append(meta[1].decode("ascii"))
    for name in names:
        known = known_encoding(name) if name else None
        if known:
            found.append(_READ_AS.get(known, known))
    return list(dict.fromkeys([*found, "utf-8", "cp1252"]))
