"""Small modules, small functions, small folders."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.architecture.rules.sources import Finding, Project

CODE = ("src/", "tests/", "scripts/", "bench/")
MODULE_LINES = 500
FUNCTION_LINES = 60
FOLDER_FILES = 12


def module_length(project: Project) -> Iterator[Finding]:
    """Yield modules longer than anyone reads in one sitting."""
    for source in project.under(*CODE):
        if len(source.lines) > MODULE_LINES:
            yield source.found(
                MODULE_LINES + 1,
                f"{len(source.lines)} lines, at most {MODULE_LINES}: split it by noun",
            )


def function_length(project: Project) -> Iterator[Finding]:
    """Yield functions that do more than one thing; the docstring does not count."""
    for source in project.under(*CODE):
        for function in source.functions:
            length = _last_line(function) - function.lineno + 1 - _docstring_lines(function)
            if length > FUNCTION_LINES:
                yield source.found(
                    function.lineno,
                    f"{function.name} has {length} lines, at most {FUNCTION_LINES}",
                )


def folder_size(project: Project) -> Iterator[Finding]:
    """Yield folders of the package that hold too many modules; ``__init__`` does not count."""
    counts = Counter(
        str(PurePosixPath(source.path).parent)
        for source in project.under("src/")
        if not source.path.endswith("/__init__.py")
    )
    for folder, count in sorted(counts.items()):
        if count > FOLDER_FILES:
            yield Finding(
                folder, 1, f"{count} modules in one folder, at most {FOLDER_FILES}: split by noun"
            )


def _last_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return function.end_lineno or function.lineno


def _docstring_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1
