"""Where commands write: answers to standard output, everything else to standard error."""

import json
import os
import shutil
import sys
from collections.abc import Sequence

from kapell.cli.output import answers
from kapell.cli.surroundings import Surroundings
from kapell.cli.tables import lines_of

_STYLES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}


class Screen:
    """Writes lines, tables and JSON; colour only to a terminal that wants it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._quiet = surroundings.quiet
        self._color = surroundings.color

    def show(self, text: str = "") -> None:
        """Write a line that was asked for."""
        out = answers()
        out.write(f"{text}\n")
        # Into a pipe it would else wait for a buffer to fill: whoever reads along sees it now.
        out.flush()

    def say(self, text: str = "") -> None:
        """Write a line that tells how things go, to standard output; not when quiet."""
        if not self._quiet:
            self.show(text)

    def note(self, text: str) -> None:
        """Write a line beside the answer, to standard error; not when quiet."""
        if not self._quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Write what went wrong, for as long as somebody reads that."""
        answers().flush()
        try:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
        except BrokenPipeError:
            # A worker goes on without its terminal, and Python must not fail over it at the end.
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good

    def document(self, value: object) -> None:
        """Write one JSON document."""
        self.show(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False))

    def line(self, value: object) -> None:
        """Write one JSON document on a line of its own, at once."""
        self.show(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
    ) -> None:
        """Write columns, those numbered in ``right`` aligned to the right; fitted to a terminal."""
        # Pipes get every row on one line: programs cut them by line.
        width = shutil.get_terminal_size().columns if answers().isatty() else None
        for line in lines_of(heads, rows, right, width):
            self.show(self.styled(line.text, "bold") if line.strong else line.text)

    def styled(self, text: str, *styles: str, error: bool = False) -> str:
        """Return the text as a terminal shows it; unchanged for pipes."""
        stream = sys.stderr if error else answers()
        if not (self._color and stream.isatty()):
            return text
        codes = ";".join(_STYLES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"
