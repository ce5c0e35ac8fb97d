"""What holds for every command: the workspace, how much is said, and in which form."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kapell.cli.output import answers

_SWITCHES = ("--debug", "--quiet", "--no-color")
_WORKSPACE = "--workspace"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The options that stand anywhere on the command line.

    Attributes:
        folder: The workspace asked for; None lets it be found from the current folder.
        debug: Show tracebacks.
        quiet: Say only what was asked for, and errors.
        color: Whether a terminal may be written to in colour.
    """

    folder: Path | None = None
    debug: bool = False
    quiet: bool = False
    color: bool = True

    @property
    def live(self) -> bool:
        """Tell whether somebody looks at a terminal that can be drawn on."""
        return answers().isatty() and not self.quiet and os.environ.get("TERM") != "dumb"

    @property
    def person(self) -> bool:
        """Tell whether somebody can be asked."""
        return sys.stdin.isatty() and answers().isatty()


class OptionIncomplete(Exception):
    """An option that needs a value has none."""


def take(words: Sequence[str]) -> tuple[Surroundings, list[str]]:
    """Return the options that stand anywhere, and the words without them.

    Raises:
        OptionIncomplete: ``--workspace`` without a folder.
    """
    left: list[str] = []
    switches: set[str] = set()
    folder: Path | None = None
    rest = iter(words)
    for word in rest:
        if word == "--":
            left += [word, *rest]
        elif word in _SWITCHES:
            switches.add(word)
        elif word == _WORKSPACE or word.startswith(f"{_WORKSPACE}="):
            value = word.partition("=")[2] if "=" in word else next(rest, "")
            if not value:
                raise OptionIncomplete("--workspace needs a folder.")
            folder = Path(value)
        else:
            left.append(word)
    surroundings = Surroundings(
        folder=folder,
        debug="--debug" in switches,
        quiet="--quiet" in switches,
        color="--no-color" not in switches and "NO_COLOR" not in os.environ,
    )
    return surroundings, left
