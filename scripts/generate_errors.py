"""Writes ``docs/reference/errors.md``: every error code of the source, exit codes and states."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kapell.cli.exits import BY_KIND, MEANINGS
from kapell.core.gateway.failures import CODES, failure
from kapell.core.runs.status import RUN_TRANSITIONS, RunStatus, StepStatus
from kapell.kit.errors import Bug, Kind

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "errors.md"
_CLASSES = {kind.value.capitalize(): kind.value for kind in Kind}
_NOTERS = frozenset({"error", "_error", "_refused", "_unfit", "add", "_note", "_problem"})
_HINTS = ("hint", "_meant")
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")


class Found(NamedTuple):
    """One place of the source that makes an error."""

    code: str
    kind: str
    message: str
    advice: str


def _says(text: str) -> bool:
    return bool(text.strip("… "))


class Site(NamedTuple):
    """A place of the source that makes an error; ``advised`` tells whether it gives advice."""

    place: str
    code: str
    advised: bool


def errors() -> dict[str, Found]:
    """Return every error code, with the first message and advice that are written beside it."""
    known: dict[str, Found] = {}
    for path in sorted((ROOT / "src" / "kapell").rglob("*.py")):
        for one in _in(ast.parse(path.read_text("utf-8"))):
            before = known.get(one.code)
            if before is None or (not _says(before.advice) and _says(one.advice)):
                known[one.code] = one
    for code in CODES:
        usual = failure(code, "")
        said = known[code].message if code in known else ""
        known[code] = Found(code, usual.kind.value, said, usual.advice)
    return dict(sorted(known.items()))


def sites() -> Iterator[Site]:
    """Yield every place of the source that makes an error itself; bugs have advice of their own."""
    for path in sorted((ROOT / "src" / "kapell").rglob("*.py")):
        for name, node in _calls(ast.parse(path.read_text("utf-8"))):
            given = {word.arg: word.value for word in node.keywords}
            named = given.get("code", node.args[0] if node.args else None)
            code = _text(named) if named is not None else ""
            if name == "Bug" or name not in {*_CLASSES, "Failure", "Problem"}:
                continue
            if _CODE.fullmatch(code):
                advice = given.get("advice", node.args[4] if len(node.args) > 4 else None)
                said = advice is not None and not _is_empty(advice)
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield Site(place, code, said)


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield what is called, by its last name, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            yield (node.func.id if isinstance(node.func, ast.Name) else name), node


def _in(tree: ast.Module) -> Iterator[Found]:
    known = _assigned(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and _is_row(node):
            # What explains broken YAML is a row: code, message, advice, shift.
            code, message, advice = (_text(_resolved(part, known)) for part in node.elts[:3])
            yield Found(code, "invalid", message, advice)
    for name, node in _calls(tree):
        given = {word.arg: word.value for word in node.keywords if word.arg}
        given = {key: _resolved(value, known) for key, value in given.items()}
        texts: list[ast.expr | None] = [*(_resolved(arg, known) for arg in node.args), *[None] * 4]
        code = _text(given.get("code")) or _text(texts[0])
        if not _CODE.fullmatch(code):
            continue
        if name in _CLASSES:
            kind, message = _CLASSES[name], _text(texts[0])
        elif name == "failure":
            kind, message = "", _text(texts[1])
        elif name in ("Failure", "Problem") or name in _NOTERS:
            kind = _kind(given.get("kind") or (texts[2] if name == "Failure" else None))
            message = _text(given.get("message")) or _text(texts[1])
        else:
            continue
        advice = _text(given.get("advice")) or _last(name, texts)
        yield Found(code, kind, message, advice or (Bug.default_advice if name == "Bug" else ""))


def _is_row(node: ast.Tuple) -> bool:
    return len(node.elts) == 4 and _CODE.fullmatch(_text(node.elts[0])) is not None


def _assigned(tree: ast.Module) -> list[tuple[int, str, ast.expr]]:
    """Return the texts that are given a name, by line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append((node.lineno, node.targets[0].id, node.value))
    return found


def _resolved(value: ast.expr, known: list[tuple[int, str, ast.expr]]) -> ast.expr:
    """Return what a name stands for: the value it was given last before."""
    if not isinstance(value, ast.Name):
        return value
    before = [one for one in known if one[1] == value.id and one[0] <= value.lineno]
    return max(before, key=lambda one: one[0])[2] if before else value


def _kind(node: ast.expr | None) -> str:
    return node.attr.lower() if isinstance(node, ast.Attribute) else "invalid"


def _last(name: str, texts: list[ast.expr | None]) -> str:
    return _text(texts[3]) if name in _NOTERS and len(texts) > 3 else ""


def _text(node: ast.expr | None) -> str:
    """Return a text as it is written; what is filled in shows as an ellipsis."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.IfExp):
        return _text(node.body) or _text(node.orelse)
    if isinstance(node, ast.BoolOp):
        return next(filter(None, map(_text, node.values)), "")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _HINTS:
        return "Did you mean `…`? Or: what is known."
    return ""


def page() -> str:
    """Return the page."""
    lines = [
        "# Errors, exit codes and states",
        "",
        "Generated from the source; do not edit. Every error has a code that stays as it is, a",
        "kind, a place when a file is to blame, and advice.",
        "",
        "## Exit codes",
        "",
        "| code | meaning | kinds of error |",
        "|---|---|---|",
    ]
    for number, meaning in MEANINGS.items():
        kinds = ", ".join(f"`{kind}`" for kind, code in BY_KIND.items() if code == number)
        lines.append(f"| {int(number)} | {meaning} | {kinds} |")
    lines += ["", "## States of a run", "", "| state | may become, by |", "|---|---|"]
    for state in RunStatus:
        ways = [
            f"`{after.value}` ({event})"
            for (before, event), after in RUN_TRANSITIONS.items()
            if before is state and after is not state
        ]
        lines.append(f"| `{state.value}` | {', '.join(ways) or 'the end'} |")
    lines += ["", "## States of a step run", ""]
    lines.append(", ".join(f"`{state.value}`" for state in StepStatus) + ".")
    lines += [
        "",
        "## Error codes",
        "",
        "| code | kind | what it says | advice |",
        "|---|---|---|---|",
    ]
    for one in errors().values():
        cells = (f"`{one.code}`", one.kind, _cell(one.message), _cell(one.advice))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
