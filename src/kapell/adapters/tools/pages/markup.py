"""HTML as a stream of pieces, in one pass.

Every construct ends where the standard says, at the latest with the page. So no page, however
broken, takes more than time in proportion to its length.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)(?:"|\Z)|'([^']*)(?:'|\Z)|([^\s>"'][^\s>]*)))?"""
)
_ATTRIBUTES_READ = 64
_RAW = frozenset({"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp"})
_ESCAPED = frozenset({"textarea", "title"})


class Tag(NamedTuple):
    """The beginning of an element, or with ``closing`` its end; names in small letters."""

    name: str
    closing: bool
    attributes: dict[str, str]


def pieces(page: str) -> Iterator[Tag | str]:
    """Yield tags and the texts between them, entities resolved, comments left out."""
    at, end = 0, len(page)
    while at < end:
        opened = page.find("<", at)
        if opened < 0:
            yield unescape(page[at:])
            return
        if opened > at:
            yield unescape(page[at:opened])
        following = page[opened + 1 : opened + 2]
        if following.isascii() and following.isalpha():
            tag, at = _tag(page, opened + 1, closing=False)
            yield tag
            if tag.name in _RAW:
                stop = _raw_end(page, tag.name, at)
                raw = page[at:stop]
                yield unescape(raw) if tag.name in _ESCAPED else raw
                at = stop
        elif following == "/" and page[opened + 2 : opened + 3].isalpha():
            tag, at = _tag(page, opened + 2, closing=True)
            yield tag
        elif following in {"!", "?", "/"}:
            at = _after_comment(page, opened)
        else:
            yield "<"
            at = opened + 1


def _tag(page: str, at: int, *, closing: bool) -> tuple[Tag, int]:
    """Return the tag whose name begins at ``at``, and where it ends."""
    name = _NAME.match(page, at)
    at = name.end() if name else at
    attributes: dict[str, str] = {}
    while found := _ATTRIBUTE.match(page, at):
        at = found.end()
        key = found[1].lower()
        if len(attributes) < _ATTRIBUTES_READ and key not in attributes:
            attributes[key] = unescape(found[2] or found[3] or found[4] or "")
    close = page.find(">", at)
    return (
        Tag(name[0].lower() if name else "", closing, attributes),
        len(page) if close < 0 else close + 1,
    )


def _raw_end(page: str, name: str, at: int) -> int:
    """Return where the text of an element that holds no tags ends."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
    return found.start() if found else len(page)


def _after_comment(page: str, at: int) -> int:
    if page.startswith("<!--", at):
        if page.startswith((">", "->"), at + 4):
            return page.index(">", at) + 1
        close = page.find("-->", at + 4)
        return len(page) if close < 0 else close + 3
    close = page.find(">", at)
    return len(page) if close < 0 else close + 1
