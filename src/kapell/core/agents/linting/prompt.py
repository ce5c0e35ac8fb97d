"""A prompt as the rules read it: its sentences with their places, code blocks apart."""

import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from kapell.kit.errors import Place

_FENCE = re.compile(r"^[ \t]*(```|~~~)")
_MARK = re.compile(r"^[ \t]*(?:[-*+] |\d+[.)] |#{1,6} |> )?")
_END = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=[A-Z`\"'(*_])")


class Sentence(msgspec.Struct, frozen=True):
    """One sentence, where it stands, and whether it is a heading."""

    text: str
    line: int
    column: int
    heading: bool = False


class Prompt(msgspec.Struct, frozen=True, dict=True):
    """A prompt and where it begins in its file."""

    text: str
    file: str
    line: int = 1

    def place(self, line: int, column: int = 1) -> Place:
        """Return the place in the file of a line of the prompt, counted from 1."""
        return Place(file=self.file, line=self.line + line - 1, column=column)

    @property
    def beginning(self) -> Place:
        """Return where the prompt begins."""
        return self.place(1)

    def found(self, match: re.Match[str]) -> Place:
        """Return where a match in the whole text stands."""
        before = self.text[: match.start()]
        return self.place(before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Return the sentences outside code blocks, in order; a wrapped sentence is one."""
        return tuple(_sentences(self.text))

    @cached_property
    def prose(self) -> str:
        """Return the text outside code blocks."""
        return "\n".join(one.text for one in self.sentences)


def _sentences(text: str) -> Iterator[Sentence]:
    paragraph: list[tuple[int, int, str]] = []
    fenced = False
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if _FENCE.match(line):
            fenced = not fenced
            line = ""
        elif fenced:
            continue
        mark = _MARK.match(line)
        start = mark.end() if mark else 0
        begins = not line.strip() or bool(mark and mark[0].strip())
        if begins:
            yield from _split(paragraph)
            paragraph = []
        if line.strip():
            if line.lstrip().startswith("#"):
                yield Sentence(line[start:].strip(), number, start + 1, heading=True)
            else:
                paragraph.append((number, start + 1, line[start:].strip()))
    yield from _split(paragraph)


def _split(paragraph: list[tuple[int, int, str]]) -> Iterator[Sentence]:
    """Yield the sentences of lines that belong together, each where it begins."""
    if not paragraph:
        return
    starts: list[tuple[int, int, int]] = []
    whole = ""
    for number, column, text in paragraph:
        whole += " " if whole else ""
        starts.append((len(whole), number, column))
        whole += text
    begin = 0
    for end in [*(match.start() for match in _END.finditer(whole)), len(whole)]:
        said = whole[begin:end].strip()
        if said:
            offset = begin + len(whole[begin:end]) - len(whole[begin:end].lstrip())
            at, number, column = max(one for one in starts if one[0] <= offset)
            yield Sentence(said, number, column + offset - at)
        begin = end
