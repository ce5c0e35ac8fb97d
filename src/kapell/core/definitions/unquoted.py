"""Values that begin with ``{{`` outside of quotes: found, and quoted so that reading can go on.

YAML reads ``{`` as the beginning of a mapping, so such a file is none; but everything else in it
can be checked as if its author had written the quotes.
"""

import re

import msgspec

_BEGINS = re.compile(r"(?:^|[:\-\[,{])\s*(?=\{[{%#])")
_BLOCK = re.compile(r"(?:^|[:\-])\s*[|>][+\-0-9]*\s*(?:#.*)?$")
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_LONGEST = 60
"""Characters of a value that advice repeats."""


class Unquoted(msgspec.Struct, frozen=True):
    """A value that lacks its quotes, and where it begins, both counted from 0."""

    line: int
    column: int
    text: str

    @property
    def advice(self) -> str:
        """Return how to write it."""
        if len(self.text) > _LONGEST or not self.text.startswith(tuple(_CLOSING)):
            return 'Put the whole value in quotes: "{{ ... }}".'
        return f"Write it as {self.quoted}."

    @property
    def quoted(self) -> str:
        """Return it in quotes."""
        if '"' not in self.text and "\\" not in self.text:
            return f'"{self.text}"'
        return "'" + self.text.replace("'", "''") + "'"


def find(text: str) -> list[Unquoted]:
    """Return all such values of a text, in order; what stands in blocks of text is none."""
    found: list[Unquoted] = []
    block: int | None = None
    for number, line in enumerate(text.split("\n")):
        indent = len(line) - len(line.lstrip(" "))
        if block is not None and (not line.strip() or indent > block):
            continue
        block = indent if _BLOCK.search(line) else None
        if not line.lstrip().startswith("#"):
            found.extend(_in_line(line, number))
    return found


def mend(text: str, found: list[Unquoted]) -> str:
    """Return the text with quotes around the values that lack them."""
    lines = text.split("\n")
    for one in reversed(found):
        line, end = lines[one.line], one.column + len(one.text)
        lines[one.line] = line[: one.column] + one.quoted + line[end:]
    return "\n".join(lines)


def _in_line(line: str, number: int) -> list[Unquoted]:
    found: list[Unquoted] = []
    at = 0
    while (begins := _BEGINS.search(_blanked(line), at)) is not None:
        start = begins.end()
        end = _end(line, start, flow=_opened(line[:start]))
        found.append(Unquoted(number, start, line[start:end]))
        at = end
    return found


def _blanked(line: str) -> str:
    """Return the line with its quoted texts blanked, their length kept."""
    return _QUOTED.sub(lambda text: "x" * len(text[0]), line)


def _opened(before: str) -> bool:
    """Tell whether a bracket or brace is open before a place."""
    plain = re.sub(r"\{\{.*?\}\}", "", _blanked(before))
    return sum(plain.count(one) for one in "[{") > sum(plain.count(one) for one in "]}")


def _end(line: str, start: int, *, flow: bool) -> int:
    """Return where a value ends: in brackets at the next comma or bracket, else with the line."""
    closing = line.find(_CLOSING[line[start : start + 2]], start)
    after = len(line) if closing < 0 else closing + 2
    stops = r"[,\]}]| #" if flow else r" #"
    stop = re.compile(stops).search(line, after)
    return len(line[: stop.start() if stop else len(line)].rstrip())
