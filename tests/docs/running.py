"""Runs the blocks of one page, in order, as a reader would, in folders of their own."""

import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tests.docs.blocks import Block

ROOT = Path(__file__).parents[2]
SECONDS = 180
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_GAP = "..."


class BlockFailed(AssertionError):
    """A block did not do what the page says."""

    def __init__(self, block: Block, why: str) -> None:
        super().__init__(f"{block.place}: {why}")


@dataclass(frozen=True)
class Spoken:
    """One command of a console block and the output shown below it."""

    command: str
    shown: tuple[str, ...]


class Page:
    """The folders and captured values that the blocks of one page share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._captured: dict[str, str] = {}

    def check(self, block: Block) -> None:
        """Run one block and compare it with what the page says.

        Raises:
            BlockFailed: It did not end, print or parse as the page says.
        """
        if block.reason is not None:
            return
        where = self._workspace(block)
        if "file" in block.options:
            self._write(block, where)
        if block.language == "console":
            said = self._console(block, where)
        elif block.language == "bash":
            said = self._call(block, ["bash", "-euo", "pipefail", "-c", block.text], where)
        elif block.language == "python":
            said = self._call(block, [sys.executable, "-c", block.text], where)
        else:
            said = self._read(block, where)
        self._capture(block, said)

    def _workspace(self, block: Block) -> Path:
        if block.workspace == "repository":
            return ROOT
        where = self._folder / block.workspace
        where.mkdir(parents=True, exist_ok=True)
        return where

    def _write(self, block: Block, where: Path) -> None:
        path = (where / block.options["file"]).resolve()
        if where.resolve() not in path.parents:
            raise BlockFailed(block, "file= stays inside the workspace")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def _read(self, block: Block, where: Path) -> str:
        try:
            if block.language == "json":
                json.loads(block.text)
            elif block.language == "toml":
                tomllib.loads(block.text)
            elif block.language == "yaml":
                return self._yaml(block, where)
        except (ValueError, YAMLError) as error:
            raise BlockFailed(block, f"is not {block.language}: {error}") from error
        if block.language in ("markdown", "rego") and "file" not in block.options:
            raise BlockFailed(block, 'say where it goes (file=...) or {norun reason="..."}')
        return ""

    def _yaml(self, block: Block, where: Path) -> str:
        kind = block.options.get("kind", "workflow")
        if kind == "data":
            YAML(typ="safe").load(block.text)
            return ""
        name = block.options.get("file", f"block-{block.line}.yaml")
        if kind == "steps":
            text = "name: block\nsteps:\n" + textwrap.indent(block.text, "  ")
            (where / name).write_text(text, "utf-8")
        elif "file" not in block.options:
            (where / name).write_text(block.text, "utf-8")
        return self._call(block, [sys.executable, "-m", "kapell.cli.main", "validate", name], where)

    def _console(self, block: Block, where: Path) -> str:
        output = []
        spoken = read_console(block)
        for number, one in enumerate(spoken, 1):
            last = number == len(spoken)
            said = self._call(block, ["bash", "-c", one.command], where, last=last)
            if one.shown and not matches(one.shown, said):
                shown = "\n".join(one.shown)
                raise BlockFailed(
                    block, f"$ {one.command}\n--- the page shows\n{shown}\n--- it said\n{said}"
                )
            output.append(said)
        return "\n".join(output)

    def _call(self, block: Block, words: list[str], where: Path, *, last: bool = True) -> str:
        expected = int(block.options.get("exit", "0")) if last else 0
        try:
            ended = subprocess.run(
                words,
                cwd=where,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BlockFailed(block, f"was not done after {SECONDS} s") from error
        said = _ANSI.sub("", ended.stdout)
        if ended.returncode != expected:
            raise BlockFailed(block, f"ended with {ended.returncode}, not {expected}:\n{said}")
        return said

    def _environment(self) -> dict[str, str]:
        # A reader's machine: our command on the path, no keys, no colours, a home of its own.
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **self._captured,
        }

    def _capture(self, block: Block, said: str) -> None:
        wanted = block.options.get("capture")
        if wanted is None:
            return
        name, _, pattern = wanted.partition(":")
        found = re.search(pattern, said)
        if found is None:
            raise BlockFailed(block, f"nothing in its output matches {pattern!r}:\n{said}")
        self._captured[name] = found[1] if found.re.groups else found[0]


def read_console(block: Block) -> list[Spoken]:
    """Return the commands of a console block, each with the output shown.

    A command starts with ``$`` and a blank, and goes on over lines that start with ``>``.

    Raises:
        BlockFailed: Output stands above the first command, or there is no command.
    """
    spoken: list[Spoken] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            spoken.append(Spoken(line[2:], ()))
        elif not spoken:
            raise BlockFailed(block, "a console block starts with a line `$ command`")
        elif line.startswith("> ") and not spoken[-1].shown:
            spoken[-1] = Spoken(f"{spoken[-1].command}\n{line[2:]}", ())
        else:
            spoken[-1] = Spoken(spoken[-1].command, (*spoken[-1].shown, line.rstrip()))
    if not spoken:
        raise BlockFailed(block, "a console block shows at least one `$ command`")
    return spoken


def matches(shown: tuple[str, ...], said: str) -> bool:
    """Tell whether output is what a page shows.

    ``...`` alone on a line stands for any lines, inside a line for any text of that line. Blanks
    at the end of lines, and empty lines at start and end, do not count.
    """
    pattern = []
    for line in "\n".join(shown).strip("\n").splitlines():
        if line.strip() == _GAP:
            pattern.append(r"(?:[^\n]*\n)*?")
        else:
            parts = (re.escape(part) for part in line.rstrip().split(_GAP))
            pattern.append(r"[^\n]*?".join(parts) + r"\n")
    lines = [line.rstrip() for line in said.splitlines()]
    return re.fullmatch("".join(pattern), "\n".join(lines).strip("\n") + "\n") is not None
