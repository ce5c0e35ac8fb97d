"""Reads what a program wrote into its terminal: is it done, and what is the answer."""

import unicodedata
from collections.abc import Sequence

from kapell.adapters.tools.texts.patterns import Pattern
from kapell.adapters.tools.threads import Stop


def typed(text: str, *, keep: bool) -> str:
    """Return what is typed for a prompt: no signs that would steer the terminal.

    Args:
        text: The prompt.
        keep: Whether its lines stay lines; else they become one.
    """
    plain = "".join(" " if sign == "\t" else sign for sign in text if _is_plain(sign)).strip("\n")
    return plain if keep else " ".join(one.strip() for one in plain.splitlines() if one.strip())


def _is_plain(sign: str) -> bool:
    return sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp")


class Reader:
    """Knows when a program waits, and what its answers look like.

    Args:
        ready: What the whole last line matches when it waits, if that is known.
        marker: What ends an answer, if something does.
        answer: What the last match of is the answer, if not all of it is.
    """

    def __init__(self, ready: str | None, marker: str | None, answer: str | None) -> None:
        self._ready = None if ready is None else Pattern(rf"\A(?:{ready})\z")
        self._marker = marker
        self._answer = None if answer is None else Pattern(answer)

    def waits(self, line: str) -> bool:
        """Tell whether a program whose last line this is waits for input."""
        if self._ready is None:
            return False
        bare = line.rstrip()
        return any(_fits(self._ready, one) for one in (line, bare, bare + " "))

    def answered(self, lines: Sequence[str], sent: str, column: int) -> list[str] | None:
        """Return the lines of the answer, None while it is not there.

        Args:
            lines: From the line on in which the prompt was typed.
            sent: What was typed.
            column: Where in the first line.
        """
        after = _without_echo(lines, sent, column)
        if self._marker is not None:
            for number, line in enumerate(after):
                if line.rstrip().endswith(self._marker):
                    cut = line.rstrip()[: -len(self._marker)]
                    return [*after[:number], cut] if cut.strip() else after[:number]
            return None
        if len(lines) > 1 and after and self.waits(lines[-1]):
            return after[:-1]
        return None

    def answer(self, lines: Sequence[str]) -> str | None:
        """Return the answer in the lines of one; None when what it looks like is not among them."""
        text = "\n".join(line.rstrip() for line in lines).strip("\n")
        if self._answer is None:
            return text
        found = None
        for match in self._answer.matches(text, Stop()):
            whole = text[match.start : match.end]
            found = (match.groups[0] or "") if match.groups else whole
        return found


def _fits(pattern: Pattern, text: str) -> bool:
    return next(pattern.matches(text, Stop()), None) is not None


def _without_echo(lines: Sequence[str], sent: str, column: int) -> list[str]:
    """Return the lines without what the terminal showed of the typing."""
    after = list(lines)
    if after:
        after[0] = _cut(after[0], column)
    for line in sent.split("\n"):
        if after and after[0].rstrip().endswith(line.rstrip()):
            after.pop(0)
    return after


def _cut(line: str, columns: int) -> str:
    """Return a line without its first columns; wide signs take two."""
    place = 0
    for number, sign in enumerate(line):
        if place >= columns:
            return line[number:]
        if not unicodedata.combining(sign):
            place += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
    return ""
