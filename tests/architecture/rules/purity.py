"""What import rules cannot see: clocks and chance reached through harmless modules."""

import ast
from collections.abc import Iterator

from tests.architecture.rules.sources import Finding, Project, dotted, imported

PURE = ("src/kapell/kit/", "src/kapell/core/", "src/kapell/projections/")
_IMPURE_ENDS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "uuid.uuid1",
    "uuid.uuid4",
)
# Import-linter knows the standard library by its first name only; these have pure siblings.
_IMPURE_MODULES = ("urllib.request", "http.client", "http.server", "concurrent.futures")
_IMPURE_NAMES = frozenset({"open", "input", "print", "uuid1", "uuid4"})


def hidden_world(project: Project) -> Iterator[Finding]:
    """Yield calls and imports in the pure floors that read a clock, draw chance or do I/O."""
    for source in project.under(*PURE):
        for statement in source.imports:
            for name in imported(statement):
                if f"{name}.".startswith(tuple(f"{module}." for module in _IMPURE_MODULES)):
                    yield source.found(statement.lineno, f"{name} is not pure: services do that")
        for call in source.each(ast.Call):
            name = dotted(call.func)
            if name in _IMPURE_NAMES or name.endswith(_IMPURE_ENDS):
                yield source.found(call.lineno, f"{name}() is not pure: take it as an argument")


def async_core(project: Project) -> Iterator[Finding]:
    """Yield coroutines in the pure floors: whoever decides does not wait."""
    for source in project.under("src/kapell/core/", "src/kapell/projections/"):
        waits: list[ast.stmt | ast.expr] = [
            *source.each(ast.AsyncFunctionDef),
            *source.each(ast.Await),
            *source.each(ast.AsyncFor),
            *source.each(ast.AsyncWith),
        ]
        for item in waits:
            yield source.found(item.lineno, "async in a pure floor: core does not wait")
