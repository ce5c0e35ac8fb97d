"""A text that matches a regular expression: enough of the grammar for what schemas ask for."""

import re
import warnings
from collections.abc import Iterator

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_MOST = 200


class _Unreadable(Exception):
    """The pattern uses something we do not make texts for."""


def matching(pattern: str, shortest: int = 0, longest: int = 1 << 30) -> Iterator[str]:
    """Yield texts that match ``pattern`` and keep to the lengths, the shortest repetition first."""
    for extra in (0, 1, 2, 3, 4, 8, 16, 32, 64):
        try:
            made = _Maker(pattern, extra).made()
        except (_Unreadable, RecursionError):
            return
        if shortest <= len(made) <= longest and _matches(pattern, made):
            yield made


def _matches(pattern: str, text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.search(pattern, text) is not None
    except (re.error, RecursionError):
        return True


class _Maker:
    """Reads a pattern once, left to right, writing what it must match."""

    def __init__(self, pattern: str, extra: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._extra = extra

    def made(self) -> str:
        text = self._alternatives()
        if self._at < len(self._pattern):
            raise _Unreadable
        return text

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _alternatives(self) -> str:
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        parts: list[str] = []
        while (char := self._peek()) and char not in "|)":
            atom = self._atom()
            least, most = self._times()
            parts.append(atom * min(least + self._extra, most) if most > least else atom * least)
        return "".join(parts)

    def _atom(self) -> str:
        char = self._peek()
        self._at += 1
        if char in "^$":
            return ""
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        if char == ".":
            return "a"
        if char in "*+?{":
            raise _Unreadable
        return char

    def _group(self) -> str:
        if self._peek() == "?":
            mark = re.match(r"\?(?::|P?<[A-Za-z_]\w*>)", self._pattern[self._at :])
            if mark is None:
                raise _Unreadable
            self._at += mark.end()
        inner = self._alternatives()
        if self._peek() != ")":
            raise _Unreadable
        self._at += 1
        return inner

    def _escape(self) -> str:
        char = self._peek()
        self._at += 1
        if char in "bB":
            return ""
        if char.isdigit() or char in "pPuxkAZ":
            raise _Unreadable
        return _CLASSES.get(char, char)

    def _set(self) -> str:
        end = self._at
        first = True
        while end < len(self._pattern) and (first or self._pattern[end] != "]"):
            end += 2 if self._pattern[end] == "\\" else 1
            first = False
        body = self._pattern[self._at : end]
        self._at = end + 1
        candidates: tuple[str, ...] = (
            "a",
            "A",
            "0",
            "x",
            "-",
            "_",
            " ",
            ".",
            *body,
            *(chr(code) for code in range(33, 127)),
        )
        for char in candidates:
            if re.fullmatch(f"[{body}]", char):
                return char
        raise _Unreadable

    def _times(self) -> tuple[int, int]:
        char = self._peek()
        least, most = 1, 1
        if char and char in "*+?":
            self._at += 1
            least, most = {"*": (0, _MOST), "+": (1, _MOST), "?": (0, 1)}[char]
        elif char == "{":
            match = re.match(r"\{(\d+)(,?)(\d*)\}", self._pattern[self._at :])
            if match is None:
                raise _Unreadable
            self._at += match.end()
            least = int(match[1])
            most = int(match[3]) if match[3] else (_MOST if match[2] else least)
        if self._peek() in ("?", "+") and char and char in "*+?{":
            self._at += 1
        return min(least, 10_000), min(most, 10_000)
