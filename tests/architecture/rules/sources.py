"""The files a rule reads, and what it finds.

A rule is a function from ``Project`` to findings. It never looks at the disk itself, so the
same rule runs on our tree and on a small planted one that breaks it.
"""

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

TEXT_SUFFIXES = frozenset(
    {".cfg", ".csv", ".ini", ".json", ".md", ".py", ".sh", ".sql", ".toml", ".tsv", ".yaml", ".yml"}
)


Kind = TypeVar("Kind", bound=ast.AST)


@dataclass(frozen=True)
class Finding:
    """One place that breaks one rule."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return the form editors and terminals link."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One text file, by its path inside the project."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Return its lines."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """Return its syntax tree; Python files only."""
        return ast.parse(self.text, self.path)

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[ast.AST]]:
        nodes: dict[type[ast.AST], list[ast.AST]] = {}
        for item in ast.walk(self.tree):
            nodes.setdefault(type(item), []).append(item)
        return nodes

    def each(self, kind: type[Kind]) -> list[Kind]:
        """Return every node of a kind; the tree is walked once for all rules."""
        return cast(list[Kind], self._nodes.get(kind, []))

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Return every function, nested ones too."""
        return [*self.each(ast.FunctionDef), *self.each(ast.AsyncFunctionDef)]

    @property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Return every import."""
        return [*self.each(ast.Import), *self.each(ast.ImportFrom)]

    def found(self, line: int, message: str) -> Finding:
        """Return a finding in this file."""
        return Finding(self.path, line, message)


@dataclass(frozen=True)
class Project:
    """Every text file git would see."""

    files: tuple[Source, ...] = field(repr=False)

    def under(self, *folders: str, suffix: str = ".py") -> Iterator[Source]:
        """Yield the files below one of the folders with the suffix."""
        for source in self.files:
            if source.path.endswith(suffix) and source.path.startswith(folders):
                yield source

    @classmethod
    def of(cls, files: dict[str, str]) -> "Project":
        """Return a project made of texts."""
        return cls(tuple(Source(path, text) for path, text in sorted(files.items())))

    @classmethod
    def read(cls, root: Path) -> "Project":
        """Return what git tracks below the root, and what is new there and not ignored."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")
        texts = {}
        for name in sorted(set(filter(None, listed))):
            path = root / name
            if path.suffix in TEXT_SUFFIXES and path.is_file() and not path.is_symlink():
                texts[name] = path.read_text("utf-8", errors="replace")
        return cls.of(texts)


Rule = Callable[[Project], Iterator[Finding]]


def dotted(expression: ast.expr) -> str:
    """Return ``a.b.c`` for a chain of names, and an empty text for anything else."""
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        base = dotted(expression.value)
        return f"{base}.{expression.attr}" if base else ""
    return ""


def imported(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield the dotted names a statement imports."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield alias.name
        else:
            yield f"{statement.module or ''}.{alias.name}"
