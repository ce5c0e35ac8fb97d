"""Imports stand at the top, and settings are read in one place."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.rules.sources import Finding, Project, Source, imported

# Entry points and wiring may load a heavy floor on use, and an adapter a heavy module of its own;
# nobody else hides our own imports.
LAZY_OWN = ("src/kapell/cli/", "src/kapell/bootstrap", "src/kapell/worker/")
# Import-linter needs a module to exist before it can protect it; this rule does not.
SETTINGS_READERS = ("src/kapell/bootstrap", "src/kapell/settings")
_REASON = re.compile(r"# noqa: PLC0415\s*[-–—:,(]+\s*\w+")  # noqa: RUF001 - the dashes are data


def local_imports(project: Project) -> Iterator[Finding]:
    """Yield imports inside functions that do not say why."""
    for source in project.under("src/", "tests/", "scripts/", "bench/"):
        for statement in _inside_functions(source):
            if not _REASON.search(source.lines[statement.lineno - 1]):
                yield source.found(
                    statement.lineno,
                    "import inside a function: move it up, or say why after '# noqa: PLC0415 -'",
                )


def local_own_imports(project: Project) -> Iterator[Finding]:
    """Yield imports of our own package inside functions: that is how knots grow."""
    for source in project.under("src/kapell/"):
        if source.path.startswith(LAZY_OWN):
            continue
        for statement in _inside_functions(source):
            own = _adapter(source.path)
            if any(
                _is_ours(name) and not (own and name.startswith(own))
                for name in imported(statement)
            ):
                yield source.found(
                    statement.lineno, "own import inside a function: move the value down a floor"
                )


def settings_door(project: Project) -> Iterator[Finding]:
    """Yield modules that read settings though bootstrap alone may."""
    for source in project.under("src/kapell/"):
        if source.path.startswith(SETTINGS_READERS):
            continue
        for statement in source.imports:
            if any(
                name == "kapell.settings" or name.startswith("kapell.settings.")
                for name in imported(statement)
            ):
                yield source.found(
                    statement.lineno, "only bootstrap reads settings: take the value as an argument"
                )


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "kapell"


def _adapter(path: str) -> str:
    """Return the dotted name of the adapter a module belongs to, with a dot at its end."""
    parts = path.split("/")
    return ".".join(parts[1:4]) + "." if parts[:3] == ["src", "kapell", "adapters"] else ""


def _inside_functions(source: Source) -> Iterator[ast.Import | ast.ImportFrom]:
    bodies = [(function.lineno, function.end_lineno or 0) for function in source.functions]
    for statement in source.imports:
        if any(first <= statement.lineno <= last for first, last in bodies):
            yield statement
