"""The words of Rego, with their places."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

import msgspec

from kapell.kit.errors import Place

TokenKind = Literal["name", "text", "number", "mark"]

_WORDS = "package import as default else if contains in some every not with true false null"
KEYWORDS = frozenset(_WORDS.split())
"""Words that no variable may have."""

_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")


class Token(msgspec.Struct, frozen=True):
    """A word of a module. ``begins`` says that it is the first one on its line."""

    kind: TokenKind
    text: str
    line: int
    column: int
    begins: bool = False
    close: bool = False  # whether nothing stands between it and the token before

    def place(self, file: str) -> Place:
        """Return where it stands."""
        return Place(file=file, line=self.line, column=self.column)

    @property
    def nesting(self) -> int:
        """Return by how many brackets it leads inwards: 1, 0, or -1 where one closes."""
        return (self.text in _OPEN) - (self.text in _CLOSED)

    @property
    def value(self) -> str:
        """Return the content of a text, its simple escapes resolved."""
        if self.text.startswith("`"):
            return self.text[1:-1]
        inner = self.text[1:-1]
        return inner.replace('\\"', '"').replace("\\\\", "\\") if "\\" in inner else inner


@cache
def _words() -> re.Pattern[str]:
    return re.compile(
        r"(?P<blank>[ \t\r\n]+|#[^\n]*)"
        r'|(?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)'
        r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
        r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
        r"|(?P<mark>:=|==|!=|<=|>=|[^\s])"
    )


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a module; comments are left out."""
    line, start, first, near = 1, 0, True, False
    for found in _words().finditer(text):
        kind, word = found.lastgroup, found.group()
        if kind == "blank":
            near = False
        else:
            at = found.start() - start + 1
            yield Token(kind, word, line, at, first, near)  # type: ignore[arg-type]  # a group's name
            first, near = False, True
        breaks = word.count("\n")
        if breaks:
            line += breaks
            start = found.start() + word.rfind("\n") + 1
            first = kind == "blank"
