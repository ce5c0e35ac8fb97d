"""Tables as lines of text: side by side where there is room, one below the other where not."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_GAP = "  "
_READABLE = 24
"""Columns below which a text in the last column is not worth being broken into."""


class TableLine(NamedTuple):
    """One line; ``strong`` ones lead: the heads, or the name of what follows."""

    text: str
    strong: bool = False


def lines_of(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    width: int | None = None,
) -> list[TableLine]:
    """Return a table's lines.

    A last column of texts is broken into lines of its own when only it is too long. What does not
    fit even so is written row by row: its first cell, and below it the others, figures (the columns
    in ``right``) with their heads.

    Args:
        heads: Names of the columns.
        rows: The cells.
        right: Numbers of the columns that are aligned to the right.
        width: Columns of the terminal; None when lines may be as long as they like.
    """
    widths = [
        max(len(head), *(len(row[number]) for row in rows)) if rows else len(head)
        for number, head in enumerate(heads)
    ]
    lines = list(_aligned(heads, rows, right, widths))
    if width is None or all(len(line.text) <= width for line in lines):
        return lines
    last = len(heads) - 1
    room = width - sum(widths[:last]) - len(_GAP) * last
    if last not in right and room >= max(_READABLE, len(heads[last])):
        return list(_aligned(heads, rows, right, [*widths[:last], room]))
    return list(_stacked(heads, rows, right, width))


def _aligned(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int], widths: Sequence[int]
) -> Iterator[TableLine]:
    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return _GAP.join(parts).rstrip()

    indent = " " * (sum(widths[:-1]) + len(_GAP) * (len(widths) - 1))
    yield TableLine(line([head.upper() for head in heads]), strong=True)
    for row in rows:
        broken = [row[-1]] if len(row[-1]) <= widths[-1] else _broken(row[-1], widths[-1])
        yield TableLine(line([*row[:-1], broken[0]]))
        for more in broken[1:]:
            yield TableLine(indent + more)


def _stacked(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int], width: int
) -> Iterator[TableLine]:
    for row in rows:
        first = row[0]
        yield TableLine(first.rstrip(), strong=True)
        indent = " " * (len(first) - len(first.lstrip()) + len(_GAP))
        parts = [
            f"{heads[number]} {cell}" if number in right else cell
            for number, cell in enumerate(row)
            if number and cell
        ]
        for line in _packed(parts, max(1, width - len(indent))):
            yield TableLine(indent + line)


def _packed(parts: Sequence[str], room: int) -> Iterator[str]:
    """Return the parts on as few lines as they fit on, none broken that fits on one."""
    line = ""
    for part in parts:
        longer = f"{line}{_GAP}{part}" if line else part
        if len(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        *whole, line = _broken(part, room)
        yield from whole
    if line:
        yield line


def _broken(text: str, room: int) -> list[str]:
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return lines or [""]
