"""Reads the fenced code blocks of a page and what their info strings ask for.

The convention is told in CONTRIBUTING.md: the language, then options in braces, as in
``console {exit=2 workspace=other}``. Unknown languages and options are errors: a block that
would not be run says so itself, with ``norun reason="..."``.
"""

import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

LANGUAGES = frozenset({"bash", "console", "json", "markdown", "python", "rego", "toml", "yaml"})
OPTIONS = frozenset({"capture", "exit", "file", "kind", "norun", "reason", "workspace"})
KINDS = frozenset({"workflow", "steps", "data"})


class BadBlock(Exception):  # a block whose info string cannot be followed
    """A block's info string breaks the convention."""


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, what it says and how it is to be run."""

    page: str
    line: int
    language: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Return where it stands, as editors link it."""
        return f"{self.page}:{self.line}"

    @property
    def workspace(self) -> str:
        """Return the name of the folder it runs in; a page has one unless it asks for more."""
        return self.options.get("workspace", "page")

    @property
    def reason(self) -> str | None:
        """Return why it is not run, or None when it is."""
        return self.options.get("reason") if "norun" in self.options else None


@cache
def _parser() -> MarkdownIt:
    # Blocks are all that is asked for: what stands within a line is not looked at.
    return MarkdownIt("commonmark").disable("inline")


def read_blocks(page: str, text: str) -> list[Block]:
    """Return the blocks of a page in order.

    Raises:
        BadBlock: An info string breaks the convention; the message names the line.
    """
    blocks = []
    for token in _parser().parse(text):
        if token.type == "fence" and token.map is not None:
            language, options = _info(f"{page}:{token.map[0] + 1}", token.info)
            blocks.append(Block(page, token.map[0] + 1, language, token.content, options))
        elif token.type == "code_block" and token.map is not None:
            raise BadBlock(f"{page}:{token.map[0] + 1}: indented code is never run: use a fence")
    return blocks


@cache
def read_page(root: Path, path: Path) -> list[Block]:
    """Return the blocks of one file below the root."""
    return read_blocks(path.relative_to(root).as_posix(), path.read_text("utf-8"))


def _info(place: str, info: str) -> tuple[str, dict[str, str]]:
    language, _, rest = info.strip().partition(" ")
    rest = rest.strip()
    if rest and not (rest.startswith("{") and rest.endswith("}")):
        raise BadBlock(f"{place}: options stand in braces, as in ```console {{exit=2}}")
    options = {}
    for word in shlex.split(rest.removeprefix("{").removesuffix("}")):
        name, _, value = word.partition("=")
        if name not in OPTIONS:
            raise BadBlock(f"{place}: unknown option {name!r}; known: {', '.join(sorted(OPTIONS))}")
        options[name] = value
    if "norun" in options:
        if not options.get("reason", "").strip():
            raise BadBlock(f'{place}: norun needs a reason, as in {{norun reason="takes an hour"}}')
    elif language not in LANGUAGES:
        raise BadBlock(
            f"{place}: {language or 'no language'!r} cannot be run; use one of "
            f'{", ".join(sorted(LANGUAGES))}, or say {{norun reason="..."}}'
        )
    if options.get("kind", "data") not in KINDS:
        raise BadBlock(f"{place}: kind is one of {', '.join(sorted(KINDS))}")
    return language, options
