"""A page as a person reads it: its title, its text, its links; what is hidden stays out."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from kapell.adapters.tools.pages.markup import Tag, pieces
from kapell.adapters.tools.threads import Stop

_SKIPPED = frozenset(
    {"script", "style", "template", "svg", "math", "noscript", "iframe", "object", "canvas"}
    | {"audio", "video", "select", "button", "nav", "footer", "aside", "dialog", "textarea"}
)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"}
    | {"source", "track", "wbr"}
)
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "center", "dd", "details", "div", "dl", "dt", "fieldset"}
    | {"figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"}
    | {"ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_CLOSE = frozenset({"br", "li", "tr", "dt", "dd"})
_SIBLINGS = {"li": "li", "dt": "dd", "dd": "dt", "td": "td", "th": "th", "tr": "tr"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_INVISIBLE = re.compile(r"(?i)(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0)")
_LONGEST_URL = 2_000
_LONGEST_LABEL = 200
_MAIN_ENOUGH = 200
_LOOK_EVERY = 1024


class Link(NamedTuple):
    """Where a link leads and what it says."""

    url: str
    text: str


class Reading(NamedTuple):
    """What there is to read."""

    title: str
    text: str
    links: tuple[Link, ...]


def read_page(page: str, url: str, most_links: int, stop: Stop) -> Reading:
    """Return what a visitor of the page at ``url`` reads."""
    reader = _Reader(url, most_links)
    for number, piece in enumerate(pieces(page)):
        if number % _LOOK_EVERY == 0:
            stop.check()
        if isinstance(piece, str):
            reader.text(piece)
        elif piece.closing:
            reader.closed(piece.name)
        else:
            reader.opened(piece)
    return reader.reading()


class _Open(NamedTuple):
    name: str
    skips: bool
    main: bool


class _Reader:
    """Follows the elements that are open; each is opened and closed once, however broken."""

    def __init__(self, url: str, most_links: int) -> None:
        self._base = url
        self._most_links = most_links
        self._stack: list[_Open] = []
        self._names: Counter[str] = Counter()
        self._skips = self._mains = self._pre = 0
        self._title: list[str] = []
        self._all, self._main = _Prose(), _Prose()
        self._links: dict[str, str] = {}
        self._link: tuple[str, list[str]] | None = None

    def opened(self, tag: Tag) -> None:
        """Enter an element."""
        name = tag.name
        if name == "base" and "href" in tag.attributes:
            self._base = _joined(self._base, tag.attributes["href"]) or self._base
        self._end_implied(name)
        if name in _BLOCKS or name in _CELLS or name == "br":
            self._break(name, _HEADINGS.get(name, "- " if name == "li" else None))
        if name == "img" and not self._skips and (said := tag.attributes.get("alt", "").strip()):
            self.text(said)
        if name in _VOID:
            return
        if name == "a" and not self._skips:
            self._begin_link(tag.attributes.get("href", ""))
        skips = name in _SKIPPED or _is_hidden(tag.attributes)
        main = name in {"main", "article"} or tag.attributes.get("role") == "main"
        self._stack.append(_Open(name, skips, main))
        self._names[name] += 1
        self._skips += skips
        self._mains += main
        self._pre += name == "pre"

    def closed(self, name: str) -> None:
        """Leave an element, and what was left open inside it."""
        if name in _BLOCKS:
            self._break(name, "")
        if not self._names[name]:
            return
        while self._leave() != name:
            pass

    def text(self, text: str) -> None:
        """Take text where it stands."""
        if self._stack and self._stack[-1].name == "title" and self._names["svg"] == 0:
            if not self._title:
                self._title.append(" ".join(text.split())[:500])
            return
        if self._skips:
            return
        if self._link is not None:
            self._link[1].append(text)
        for prose in self._proses():
            prose.add(text, verbatim=self._pre > 0)

    def reading(self) -> Reading:
        """Return what was read."""
        self._end_link()
        text, main = self._all.whole(), self._main.whole()
        links = tuple(Link(url, label) for url, label in self._links.items())
        return Reading("".join(self._title), main if len(main) >= _MAIN_ENOUGH else text, links)

    def _proses(self) -> "tuple[_Prose, ...]":
        return (self._all, self._main) if self._mains else (self._all,)

    def _break(self, name: str, prefix: str | None) -> None:
        if self._skips:
            return
        for prose in self._proses():
            if name in _CELLS:
                prose.cell()
            else:
                prose.line(prefix, apart=name not in _CLOSE)

    def _end_implied(self, name: str) -> None:
        """Leave what an author need not close: a paragraph, the item before."""
        if not self._stack:
            return
        last = self._stack[-1].name
        if (last == "p" and name in _BLOCKS) or (
            name in _SIBLINGS and last in {name, _SIBLINGS[name]}
        ):
            self._leave()

    def _leave(self) -> str:
        left = self._stack.pop()
        self._names[left.name] -= 1
        self._skips -= left.skips
        self._mains -= left.main
        self._pre -= left.name == "pre"
        if left.name == "a":
            self._end_link()
        return left.name

    def _begin_link(self, href: str) -> None:
        self._end_link()
        if url := _joined(self._base, href):
            self._link = url, []

    def _end_link(self) -> None:
        if self._link is None:
            return
        url, said = self._link
        self._link = None
        label = " ".join("".join(said).split())[:_LONGEST_LABEL]
        if label and len(self._links) < self._most_links:
            self._links.setdefault(url, label)


class _Prose:
    """Text that grows: blanks run together, lines and paragraphs are kept apart."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._gap = ""
        self._prefix = ""

    def add(self, text: str, *, verbatim: bool) -> None:
        """Append text."""
        if not verbatim:
            words = text.split()
            if not words:
                self._gap = self._gap or (" " if text else "")
                return
            if text[0].isspace():
                self._gap = self._gap or " "
            tail, text = text[-1].isspace(), " ".join(words)
        else:
            tail = False
        if self._parts:
            self._parts.append(self._gap)
        self._parts += [self._prefix, text]
        self._gap, self._prefix = (" " if tail else ""), ""

    def line(self, prefix: str | None, *, apart: bool) -> None:
        """Begin a new line, after an empty one with ``apart``; None keeps the prefix it has."""
        if apart or "\n" not in self._gap:
            self._gap = "\n\n" if apart else "\n"
        if prefix is not None:
            self._prefix = prefix

    def cell(self) -> None:
        """Begin a cell beside the one before."""
        if "\n" not in self._gap:
            self._gap = " | "

    def whole(self) -> str:
        """Return all of it."""
        return "".join(self._parts).strip()


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden", "").lower() == "true"
        or _INVISIBLE.search(attributes.get("style", "")[:1000]) is not None
    )


def _joined(base: str, href: str) -> str:
    """Return a link as an absolute http address without its fragment, "" when it is none."""
    place = href.strip()
    if not place or len(place) > _LONGEST_URL or place.startswith("#"):
        return ""
    try:
        url = urldefrag(urljoin(base, place)).url
        known = urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return ""
    return url if known and len(url) <= _LONGEST_URL else ""
