"""Tests that can fail, say why they are skipped, and do not wait by the clock."""

import ast
from collections.abc import Iterator

from tests.architecture.rules.sources import Finding, Project, dotted

_SKIPS = frozenset({"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"})
_CALLED_SKIPS = frozenset({"pytest.skip", "pytest.xfail"})
_SAYS = ("assert", "expect", "check", "validate", "verify")
_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "sleep", "anyio.sleep"})


def skips(project: Project) -> Iterator[Finding]:
    """Yield tests left out without a reason."""
    for source in project.under("tests/"):
        calls = {id(item.func): item for item in source.each(ast.Call)}
        for item in source.each(ast.Attribute):
            name, call = dotted(item), calls.get(id(item))
            if name in _SKIPS and not (call and _reason(call)):
                yield source.found(item.lineno, f'{name} without reason="..."')
            if name in _CALLED_SKIPS and call and not (call.args or _reason(call)):
                yield source.found(item.lineno, f"{name}() without a reason")


def hollow_tests(project: Project) -> Iterator[Finding]:
    """Yield tests that cannot fail: no assertion, no expected error, no checking call.

    A function of the same file that can fail counts as a checking call.
    """
    for source in project.under("tests/"):
        local = {
            function.name: function
            for function in source.functions
            if not function.name.startswith("test_")
        }
        checking = {name for name, function in local.items() if _can_fail(function, set())}
        for function in source.functions:
            if function.name.startswith("test_") and not _can_fail(function, checking):
                yield source.found(function.lineno, f"{function.name} asserts nothing")


def sleeping_units(project: Project) -> Iterator[Finding]:
    """Yield unit tests that wait by the clock; ``sleep(0)`` only lets others run."""
    for source in project.under("tests/unit/"):
        for item in source.each(ast.Call):
            if dotted(item.func) in _SLEEPS:
                zero = bool(item.args) and isinstance(item.args[0], ast.Constant)
                if not (zero and isinstance(item.args[0], ast.Constant) and not item.args[0].value):
                    yield source.found(item.lineno, "sleep in a unit test: inject a clock")


def _reason(call: ast.Call) -> bool:
    return any(
        keyword.arg == "reason"
        and not (isinstance(keyword.value, ast.Constant) and not str(keyword.value.value).strip())
        for keyword in call.keywords
    )


def _can_fail(function: ast.FunctionDef | ast.AsyncFunctionDef, checking: set[str]) -> bool:
    for item in ast.walk(function):
        if isinstance(item, ast.Assert):
            return True
        if isinstance(item, ast.Call):
            name = dotted(item.func).rpartition(".")[2] or getattr(item.func, "attr", "")
            if name in {"raises", "warns", "fail"} | checking:
                return True
            if name.lstrip("_").startswith(_SAYS):
                return True
    return False
