"""One word per thing: the glossary's refused words and names that say nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.architecture.rules.sources import Finding, Project, Source

EMPTY_NAMES = frozenset(
    {"base", "common", "helper", "helpers", "manager", "misc", "shared", "stuff", "util", "utils"}
)
EMPTY_SUFFIXES = ("Manager", "Helper", "Helpers", "Util", "Utils", "Impl")

# Refused as the name of a module, class or function of ours; the glossary's word stands beside.
REFUSED = {
    "activity": "step",
    "execution": "run",
    "flow": "workflow",
    "job": "run",
    "node": "step",
    "pipeline": "workflow",
}
# Where a refused word is the right one, because somebody else's format has the thing.
FOREIGN_THINGS = {
    ("src/kapell/core/definitions/", "node"): "a YAML document is a tree of nodes",
    ("src/kapell/core/expressions/", "node"): "so is the syntax tree of an expression",
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def empty_names(project: Project) -> Iterator[Finding]:
    """Yield modules, folders and classes whose name says nothing of what they hold."""
    for source in project.under("src/", "tests/", "scripts/", "bench/"):
        for part in PurePosixPath(source.path).with_suffix("").parts:
            if part in EMPTY_NAMES:
                yield source.found(1, f"{part!r} says nothing: name the noun it holds")
        for item in source.each(ast.ClassDef):
            if item.name.endswith(EMPTY_SUFFIXES):
                yield source.found(item.lineno, f"class {item.name}: name what it is")


def refused_words(project: Project) -> Iterator[Finding]:
    """Yield modules, classes and functions named with a word the glossary refuses."""
    for source in project.under("src/kapell/"):
        for line, name in _names(source):
            for word in (match.lower().removesuffix("s") for match in _WORDS.findall(name)):
                better = REFUSED.get(word)
                if better is not None and not _foreign(source.path, word):
                    yield source.found(line, f"{name}: {word!r} is refused, say {better!r}")


def _foreign(path: str, word: str) -> bool:
    return any(path.startswith(folder) and word == own for folder, own in FOREIGN_THINGS)


def _names(source: Source) -> Iterator[tuple[int, str]]:
    yield 1, PurePosixPath(source.path).stem
    for item in (*source.each(ast.ClassDef), *source.functions):
        yield item.lineno, item.name
