"""Names: functions nobody knows, variables that nothing binds, data that nothing defines."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.policies.linting.builtins import BUILTINS, WHY_NOT
from kapell.core.policies.linting.modules import Module, Rule, Statement
from kapell.core.policies.linting.tokens import KEYWORDS, Token

_GIVEN = frozenset({"input", "data", "_"})
_FREE_IMPORTS = ("rego.", "future.")


class Reference(msgspec.Struct, frozen=True):
    """A name with all that hangs on it by dots: where it begins, and whether it is called."""

    parts: tuple[str, ...]
    at: Token
    start: int
    calls: bool


def references(words: Statement) -> Iterator[Reference]:
    """Yield every name that is no part of another one, with what follows it by dots."""
    number = 0
    while number < len(words):
        word = words[number]
        if word.kind != "name":
            number += 1
            continue
        start, parts = number, [word.text]
        while (
            number + 2 < len(words)
            and words[number + 1].text == "."
            and words[number + 1].close
            and words[number + 2].kind == "name"
        ):
            parts.append(words[number + 2].text)
            number += 2
        number += 1
        calls = number < len(words) and words[number].text == "(" and words[number].close
        is_part = start > 0 and words[start - 1].text == "." and words[start].close
        if not is_part and (calls or word.text not in KEYWORDS):
            yield Reference(tuple(parts), word, start, calls)


def referred(module: Module) -> Iterator[str]:
    """Yield what a module uses of other packages, as ``package.rule`` or ``package``."""
    for path, _, _ in module.imports:
        if path.startswith("data."):
            yield path.removeprefix("data.")
    for rule in module.rules:
        for one in references(rule.all):
            if one.parts[0] == "data" and len(one.parts) > 1:
                yield ".".join(one.parts[1:])


def check_names(module: Module, modules: Sequence[Module], problems: Problems) -> None:
    """Note names of a module that mean nothing."""
    rules = {
        rule.name.text
        for other in modules
        if other.package == module.package
        for rule in other.rules
    }
    for path, _, at in module.imports:
        if path.startswith("data."):
            _check_data(path.split(".")[1:], at, module, modules, problems)
        elif path.split(".")[0] == "input":
            problems.error(
                "policy_import",
                f"`{path}` can be used everywhere and is not imported.",
                at.place(module.path),
                f"Write `{path}` where it is needed.",
            )
        elif not path.startswith(_FREE_IMPORTS):
            advice = hint(path, ("rego.v1", "data"), "Import")
            problems.error(
                "policy_import", f"There is no `{path}` to import.", at.place(module.path), advice
            )
    named = {name for path, name, _ in module.imports if path.startswith("data.")}
    for rule in module.rules:
        known = rules | named | _bound(rule) | _GIVEN
        _check_wildcards(rule, module, problems)
        for one in references(rule.all):
            if one.start == 0 and one.at is rule.name:
                continue
            if one.parts[0] == "data":
                _check_data(one.parts[1:], one.at, module, modules, problems)
            elif one.calls:
                _check_call(one, rules | named, module, problems)
            elif one.parts[0] not in known:
                _check_variable(one, known, module, problems)


def _check_wildcards(rule: Rule, module: Module, problems: Problems) -> None:
    """Note ``list[_]``, which ends the interpreter within ``in``, and texts that hold fields."""
    for before, word in pairwise(rule.all):
        if before.text == "$" and word.kind == "text":
            problems.error(
                "policy_text",
                "A text with `$` before it is not understood by every judge.",
                before.place(module.path),
                'Put it together with `concat("", [...])`.',
            )
        if word.text == "_" and before.text == "[" and before.close:
            problems.error(
                "policy_wildcard",
                "`[_]` is not understood by every judge.",
                word.place(module.path),
                "Bind a variable with `some x in ...`.",
            )


def _check_call(one: Reference, own: set[str], module: Module, problems: Problems) -> None:
    name = ".".join(one.parts)
    if name in BUILTINS or one.parts[0] in own:
        return
    functions = {*BUILTINS, *own}
    advice = WHY_NOT.get(name) or hint(name, functions, "Functions")
    problems.error(
        "policy_builtin",
        f"There is no function `{name}`.",
        one.at.place(module.path),
        advice,
    )


def _check_variable(one: Reference, known: set[str], module: Module, problems: Problems) -> None:
    name = one.parts[0]
    problems.error(
        "policy_variable",
        f"Nothing binds `{name}`, so what it stands in is never true.",
        one.at.place(module.path),
        f"{hint(name, known - _GIVEN, 'Known here')} Bind a variable with `:=` or `some`.",
    )


def _check_data(
    parts: Sequence[str],
    at: Token,
    module: Module,
    modules: Sequence[Module],
    problems: Problems,
) -> None:
    """Note a path below ``data`` that is neither a package nor a rule of one."""
    path = ".".join(parts)
    packages = {other.package for other in modules if other.package}
    rules = {f"{other.package}.{r.name.text}" for other in modules for r in other.rules}
    above = any(f"{one}.".startswith(f"{path}.") for one in packages)
    if above or any(f"{path}.".startswith(f"{one}.") for one in rules):
        return
    problems.error(
        "policy_data",
        f"Nothing defines `data.{path}`.",
        at.place(module.path),
        hint(path, packages | rules, "Defined"),
    )


def _bound(rule: Rule) -> set[str]:
    """Return the names that a rule binds, wherever in it."""
    words = rule.all
    found = set(rule.params)
    for number, word in enumerate(words):
        if word.text == ":=" and number and words[number - 1].kind == "name":
            found.add(words[number - 1].text)
        elif word.text == ":=" and number and words[number - 1].text in {"]", "}"}:
            found.update(_pattern(words, number - 1))
        elif word.kind == "name" and word.text in {"some", "every"}:
            found.update(_declared(words, number + 1))
    return found


def _declared(words: Statement, start: int) -> Iterator[str]:
    """Yield the names after ``some`` or ``every``, up to ``in`` or the end of the line."""
    for number, word in enumerate(words[start:]):
        if word.text in {"in", ";"} or (number and word.begins):
            return
        if word.kind == "name":
            yield word.text


def _pattern(words: Statement, end: int) -> Iterator[str]:
    """Yield the names of a pattern such as ``[hour, minute, _]`` that stands before ``:=``."""
    depth = 0
    for word in reversed(words[: end + 1]):
        depth += (word.text in {"]", "}"}) - (word.text in {"[", "{"})
        if word.kind == "name":
            yield word.text
        if depth == 0:
            return
