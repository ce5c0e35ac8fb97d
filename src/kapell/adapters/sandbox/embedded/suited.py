"""Which Python programs monty is asked to run: those in which it cannot differ from CPython."""

import ast

_MODULES = frozenset({"json", "math", "re"})
_NAMES = frozenset(
    ["open", "exec", "eval", "compile", "globals", "locals", "vars", "exit", "quit", "breakpoint",
     "memoryview", "bytearray", "object", "super", "help", "dir", "id", "hash"]
)  # fmt: skip
_REFUSED = (
    ast.Try, ast.TryStar, ast.With, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.Await,
    ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef, ast.Global, ast.Nonlocal, ast.Delete,
)  # fmt: skip
_LONGEST = 20_000


def suits(source: str) -> bool:
    """Tell whether a program computes and nothing else.

    It must not catch errors, for then it could see that something is lacking and go on otherwise;
    what fails in monty is run again in a sandbox with all of Python, so that only what succeeds is
    believed.
    """
    if len(source) > _LONGEST:
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_plain(node) for node in ast.walk(tree))


def _plain(node: ast.AST) -> bool:
    if isinstance(node, _REFUSED):
        return False
    if isinstance(node, ast.Import):
        return all(alias.name in _MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and node.module in _MODULES
    if isinstance(node, ast.Name):
        return node.id not in _NAMES and not node.id.startswith("__")
    return not (isinstance(node, ast.Attribute) and node.attr.startswith("_"))
