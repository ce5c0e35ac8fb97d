"""A text read in another way, with the way back to where each part of it stands."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Edit: TypeAlias = tuple[int, int, str]
"""Where something stands in a text (start, end), and what it is read as."""


class View(NamedTuple):
    """What a text is read as.

    ``at`` are the positions in ``text`` where a stretch begins, ascending, ``froms`` where each of
    them begins in the original; ``tos`` says where a changed one ends there, which goes back as a
    whole, and is -1 for one that is as it was.
    """

    text: str
    at: Sequence[int] = ()
    froms: Sequence[int] = ()
    tos: Sequence[int] = ()

    @property
    def same(self) -> bool:
        """Tell whether it is the original."""
        return not self.at

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``text[start:end]`` stands in the original."""
        first = bisect_right(self.at, start) - 1
        last = bisect_right(self.at, max(start, end - 1)) - 1
        begin = self.froms[first]
        if self.tos[first] < 0:
            begin += start - self.at[first]
        if self.tos[last] >= 0:
            return begin, self.tos[last]
        return begin, self.froms[last] + end - self.at[last]


def edited(text: str, edits: Sequence[Edit]) -> View:
    """Return a text with edits made; they are sorted and do not overlap."""
    if not edits:
        return View(text)
    parts: list[str] = []
    at: list[int] = []
    froms: list[int] = []
    tos: list[int] = []
    length = done = 0
    for start, end, read in edits:
        if start > done:
            parts.append(text[done:start])
            at.append(length)
            froms.append(done)
            tos.append(-1)
            length += start - done
        if read:
            parts.append(read)
            at.append(length)
            froms.append(start)
            tos.append(end)
            length += len(read)
        done = end
    at.append(length)
    froms.append(done)
    tos.append(-1)
    parts.append(text[done:])
    return View("".join(parts), at, froms, tos)


def piece(read: str, start: int, end: int) -> View:
    """Return what one part of a text is read as; whatever is found in it is that whole part."""
    return View(read, (0,), (start,), (end,))
