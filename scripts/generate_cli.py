"""Writes ``docs/reference/cli.md`` from the help of every command."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

from typer.main import get_command

from kapell.cli.catalogue import COMMANDS, EVERYWHERE, SECTIONS
from kapell.cli.main import call

_FENCE = '```text {norun reason="generated from the help itself, and held equal by a test"}'
PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, groups before what they hold."""
    for word, entry in COMMANDS.items():
        yield (word,)
        command = get_command(import_module(f"kapell.cli.{entry.module}").app)
        for inner in getattr(command, "commands", {}):
            yield word, inner


def page() -> str:
    """Return the page."""
    lines = [
        "# The command line",
        "",
        "Generated from `kapell --help` and the help of every command; do not edit.",
        "What commands end with is told in [errors, exit codes and states](errors.md).",
        "",
    ]
    for section in SECTIONS:
        lines += [f"**{section}**", "", "| command | what it does |", "|---|---|"]
        for word, entry in COMMANDS.items():
            if entry.section == section:
                anchor = f"kapell-{word}"
                lines.append(f"| [`kapell {word}`](#{anchor}) | {entry.summary} |")
        lines.append("")
    lines += ["**Options that stand anywhere**", "", "| option | meaning |", "|---|---|"]
    lines += [f"| `{option}` | {meaning} |" for option, meaning in EVERYWHERE.items()]
    for words in commands():
        title = " ".join(words)
        lines += ["", f"## kapell {title}", "", _FENCE, _help(words), "```"]
    return "\n".join(lines) + "\n"


def _help(words: tuple[str, ...]) -> str:
    """Return what the command says of itself."""
    out = io.StringIO()
    with redirect_stdout(out):
        call([*words, "--help"])
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def main() -> None:
    """Write the page."""
    os.environ["COLUMNS"] = "100"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
