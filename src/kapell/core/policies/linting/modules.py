"""A module taken apart: its package, its imports, its rules, and what they consist of."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from kapell.core.policies.linting.tokens import Token, tokens

Statement = tuple[Token, ...]

_JOINING = "if := = contains else in == != < > <= >= + - * / % | & , . : not"
_GOES_ON = frozenset(_JOINING.split())
"""Words after which a rule goes on in the next line."""


class Body(msgspec.Struct, frozen=True):
    """Conditions that have to hold together for a value."""

    value: Statement
    statements: tuple[Statement, ...]


class Rule(msgspec.Struct, frozen=True):
    """A rule as it is written: ``head`` is all before its first condition.

    ``name`` is its first word, ``adds`` says that it is one of a set (``contains``), ``params`` are
    the names a function takes. ``is_default`` says that it holds where no other one does.
    """

    name: Token
    head: Statement
    adds: bool
    params: tuple[str, ...]
    bodies: tuple[Body, ...]
    all: Statement
    is_default: bool = False


class Module(msgspec.Struct, frozen=True):
    """A file of Rego. ``imports`` are the paths after `import`, with the name they get here.

    ``whole`` says that every bracket is closed: in one that is not, rules run into each other.
    """

    path: str
    package: str
    at: Token | None
    imports: tuple[tuple[str, str, Token], ...] = ()
    rules: tuple[Rule, ...] = ()
    whole: bool = True


def read_module(path: str, text: str) -> Module:
    """Take a module apart; what is no Rego is left to the compiler."""
    package, at = "", None
    imports: list[tuple[str, str, Token]] = []
    rules: list[Rule] = []
    words = list(tokens(text))
    for chunk in _chunks(words):
        first = chunk[0]
        if first.text == "package":
            package, at = "".join(one.text for one in chunk[1:]), first
        elif first.text == "import":
            names = [one.text for one in chunk[1:]]
            target = "".join(names[: names.index("as")] if "as" in names else names)
            imports.append((target, names[-1] if names else "", first))
        else:
            rule = _rule(chunk)
            if rule is not None:
                rules.append(rule)
    depth = sum(one.nesting for one in words)
    return Module(path, package, at, tuple(imports), tuple(rules), depth == 0)


def _chunks(words: Sequence[Token]) -> Iterator[Statement]:
    """Yield what stands on the level of the module, each with all that belongs to it."""
    chunk: list[Token] = []
    depth = 0
    for word in words:
        fresh = word.begins and depth == 0 and chunk and word.text not in {"else", "if", "{"}
        if fresh and chunk[-1].text not in _GOES_ON:
            yield tuple(chunk)
            chunk = []
        chunk.append(word)
        depth += word.nesting
        depth = max(depth, 0)
    if chunk:
        yield tuple(chunk)


def _rule(chunk: Statement) -> Rule | None:
    words = chunk[1:] if chunk[0].text == "default" else chunk
    if not words or words[0].kind != "name":
        return None
    parts = _split(words, "else")
    head, rest = _until(parts[0], "if")
    bodies = [_body(head, rest)]
    for part in parts[1:]:
        value, conditions = _until(part, "if")
        bodies.append(_body(value, conditions))
    adds = any(
        one.text == "contains" and not (two.text == "(" and two.close)
        for one, two in pairwise(head[1:])
    )
    is_default = chunk[0].text == "default"
    return Rule(words[0], head, adds, _params(head), tuple(bodies), words, is_default)


def _body(value: Statement, conditions: Statement) -> Body:
    return Body(value, tuple(_statements(conditions)))


def _until(words: Statement, end: str) -> tuple[Statement, Statement]:
    """Return what stands before a word on the outermost level, and what after it."""
    depth = 0
    for number, word in enumerate(words):
        if depth == 0 and word.text == end and word.kind == "name":
            return words[:number], words[number + 1 :]
        depth += word.nesting
    return words, ()


def _split(words: Statement, end: str) -> list[Statement]:
    """Return what stands between a word on the outermost level."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for word in words:
        if depth == 0 and word.text == end:
            parts.append([])
            continue
        depth += word.nesting
        parts[-1].append(word)
    return [tuple(part) for part in parts]


def _statements(conditions: Statement) -> Iterator[Statement]:
    """Yield the conditions of a body, each on its own."""
    if conditions and conditions[0].text == "{" and conditions[-1].text == "}":
        conditions = conditions[1:-1]
    found: list[Token] = []
    depth = 0
    for word in conditions:
        ends = depth == 0 and (word.text == ";" or (word.begins and found))
        if ends and (word.text == ";" or found[-1].text not in _GOES_ON):
            if found:
                yield tuple(found)
            found = []
        if word.text != ";" or depth:
            found.append(word)
        depth += word.nesting
    if found:
        yield tuple(found)


def _params(head: Statement) -> tuple[str, ...]:
    if len(head) < 2 or head[1].text != "(" or not head[1].close:
        return ()
    end = next((n for n, one in enumerate(head) if one.text == ")"), len(head))
    return tuple(one.text for one in head[2:end] if one.kind == "name")
