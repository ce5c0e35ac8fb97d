"""Sources and the sentences in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import msgspec

from kapell.kit.json import Json

MOST = 1_000_000
"""Characters of all sources together that are looked at; what is beyond holds nothing."""

_LONGEST = 1_000
"""Characters of a sentence; a longer one is taken in pieces, so that no text takes long."""

_NAMES = ("name", "title", "url", "path", "id", "number")
_TEXTS = ("text", "content", "body", "quote", "snippet")

_SHORT = frozenset(
    [
        "mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "e.g", "i.e", "approx", "inc",
        "ltd", "co", "corp", "jr", "sr", "fig", "vol", "pp", "dept", "est",
    ]
)  # fmt: skip
"""Words after which a full stop ends no sentence."""


class Source(msgspec.Struct, frozen=True):
    """A text that answers are held against, and what citations call it."""

    text: str
    name: str = ""


class Span(msgspec.Struct, frozen=True):
    """A sentence of a text, ``text[start:end]``."""

    text: str
    start: int
    end: int


def sources_of(value: Json) -> tuple[Source, ...]:
    """Return the sources a value holds: a text, an object with a text in it, or a list of such.

    An object's text stands under ``text``, ``content``, ``body``, ``quote`` or ``snippet``, what it
    is called under ``name``, ``title``, ``url``, ``path`` or ``id``; of any other value all texts
    and numbers in it are the source.
    """
    listed = value if isinstance(value, list | tuple) else [value]
    found, left = [], MOST
    for one in listed:
        source = _source(one)
        if source.text.strip() and left > 0:
            found.append(Source(source.text[:left], source.name))
            left -= len(source.text)
    return tuple(found)


def _source(value: Json) -> Source:
    if isinstance(value, Mapping):
        text = next((value[key] for key in _TEXTS if isinstance(value.get(key), str)), None)
        if isinstance(text, str):
            name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
            title = value.get("title")
            head = f"{title}.\n\n" if isinstance(title, str) and title else ""
            return Source(head + text, str(name))
    return Source("\n".join(texts_of(value, numbers=True)))


def texts_of(value: Json, *, numbers: bool = False) -> Iterator[str]:
    """Yield the texts of a value, outermost first; of keys only those whose value is a number."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, int | float) and not isinstance(one, bool):
                if numbers:
                    yield f"{str(key).replace('_', ' ')}: {one}."
            else:
                yield from texts_of(one, numbers=numbers)
    elif isinstance(value, Sequence):
        for one in value:
            yield from texts_of(one, numbers=numbers)
    elif numbers and isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value}."


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(
        r"[.!?…][\"'”\u2019»)\]]{0,3}(?=\s)|\n\s{0,20}\n|\n(?=\s{0,8}(?:[-*•]|\d{1,3}[.)])\s)|;\s|。|\uff01|\uff1f"
    )


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order; items of a list and parts after ``;`` are such."""
    found: list[Span] = []
    start = 0
    for match in _ends().finditer(text):
        before = text[max(start, match.start() - 12) : match.start()]
        if match.group().startswith(".") and _goes_on(before):
            continue
        _take(text, start, match.end(), found)
        start = match.end()
    _take(text, start, len(text), found)
    return found


def _goes_on(before: str) -> bool:
    """Tell whether a full stop belongs to a short form, an initial or the number of a list."""
    word = before.rsplit(None, 1)[-1].lower() if before.strip() else ""
    if word.lstrip("(\"'") in _SHORT or (len(word) == 1 and word.isalpha() and word != "i"):
        return True
    return word.isdigit() and len(word) < 3 and before.strip() == word


def _take(text: str, start: int, end: int, found: list[Span]) -> None:
    while start < end:
        stop = min(end, start + _LONGEST)
        if stop < end:
            stop = max(text.rfind(" ", start, stop), start + _LONGEST // 2)
        part = text[start:stop]
        cut = part.strip()
        if cut:
            begin = start + len(part) - len(part.lstrip())
            found.append(Span(cut, begin, begin + len(cut)))
        start = stop
