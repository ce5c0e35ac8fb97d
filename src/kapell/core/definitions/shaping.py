"""From a tree to authored types: every mismatch noted with its place, the rest read on.

The types are read through ``msgspec.inspect``. What does not fit is left at the field's default, so
that the checks that follow can still speak about everything else in the file.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import inspect as types

from kapell.core.definitions.authored import Authored
from kapell.core.definitions.nearest import hint, nearest
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import WORDS, Node
from kapell.kit.clock import span
from kapell.kit.errors import Invalid

T = TypeVar("T", bound=Authored)


class _Unfit(Exception):
    """The value has been reported and cannot be used."""


def shape(node: Node, authored: type[T], problems: Problems) -> T:
    """Return the mapping as ``authored``; what does not fit is noted in ``problems``."""
    found = _Shaper(problems).struct(node, _fields(authored))
    assert isinstance(found, authored)  # noqa: S101 - the shaper makes what it was asked for
    return found


@lru_cache(maxsize=32)
def _fields(authored: type[Authored]) -> types.Type:
    return types.type_info(authored)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class _Shaper:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def struct(self, node: Node, kind: types.Type) -> Authored:
        assert isinstance(kind, types.StructType)  # noqa: S101 - callers dispatch on the type
        fields = {field.encode_name: field for field in kind.fields}
        known = [name for name, field in fields.items() if _later(field.type) is None]
        values: dict[str, object] = {}
        meant: set[str | None] = set()
        for key, (key_node, value) in node.entries.items():
            field = fields.get(key)
            if field is None and _authored(kind).open_ended:
                continue
            if field is None:
                meant.add(nearest(key, known))
                self._problems.error(
                    "unknown_key",
                    f"`{key}` is no key of {_called(kind)}.",
                    key_node.place,
                    _meant(key, known, _authored(kind)),
                )
                continue
            capability = _later(field.type)
            if capability is not None:
                self._problems.error(
                    "not_available_yet",
                    f"`{key}` is not available yet: it comes with {capability}.",
                    key_node.place,
                    "Remove it for now; the grammar will not change.",
                )
                continue
            try:
                values[field.name] = self.value(value, field.type, f"`{key}`")
            except _Unfit:
                continue
        for name, field in fields.items():
            if field.required and field.name not in values:
                if name not in node.entries and name not in meant:
                    self._problems.error(
                        "missing_key",
                        f"{_called(kind).capitalize()} needs the key `{name}`.",
                        node.place,
                        _description(field.type) or f"Add `{name}: ...`.",
                    )
                values[field.name] = _empty(field.type)
        made = kind.cls(**values)
        assert isinstance(made, Authored)  # noqa: S101 - authored types nest only authored types
        made.remember(node)
        return made

    def value(self, node: Node, kind: types.Type, name: str) -> object:
        if isinstance(kind, types.Metadata):
            special = (kind.extra or {}).get("as")
            if special == "span":
                return self._span(node, name)
            if special == "expression":
                return self._expression(node, name)
            return self.value(node, kind.type, name)
        if isinstance(kind, types.AnyType):
            return node.plain()
        if isinstance(kind, types.UnionType):
            return self._union(node, kind, name)
        if not _fits(node, kind):
            raise self._unfit(node, name, _words(kind))
        if isinstance(kind, types.LiteralType):
            return self._literal(node, kind, name)
        if isinstance(kind, types.StructType):
            return self.struct(node, kind)
        if isinstance(kind, types.ListType):
            return self._items(node, kind.item_type, name)
        if isinstance(kind, types.VarTupleType):
            return tuple(self._items(node, kind.item_type, name))
        if isinstance(kind, types.DictType):
            return self._entries(node, kind)
        self._bounds(node, kind, name)
        return node.value

    def _union(self, node: Node, kind: types.UnionType, name: str) -> object:
        wanted = [one for one in kind.types if not isinstance(one, types.NoneType)]
        for one in wanted:
            if _fits(node, one):
                return self.value(node, one, name)
        raise self._unfit(node, name, [word for one in wanted for word in _words(one)])

    def _unfit(self, node: Node, name: str, wanted: list[str]) -> _Unfit:
        if node.kind == "refused":
            return _Unfit()
        expected = _listed(list(dict.fromkeys(wanted)))
        if node.kind == "null":
            self._problems.error(
                "wrong_type", f"{name} has no value.", node.place, f"Give it {expected}."
            )
            return _Unfit()
        quoted = expected == "text" and _scalar(node)
        advice = "Put it in quotes." if quoted else f"Give it {expected}."
        self._problems.error(
            "wrong_type",
            f"{name} must be {expected}, this is {WORDS[node.kind]}.",
            node.place,
            advice,
        )
        return _Unfit()

    def _literal(self, node: Node, kind: types.LiteralType, name: str) -> object:
        if node.value in kind.values:
            return node.value
        allowed = [str(value) for value in kind.values]
        near = nearest(node.text, allowed)
        self._problems.error(
            "wrong_value",
            f"{name} must be {_listed([f'`{value}`' for value in allowed])}, not `{node.value}`.",
            node.place,
            f"Did you mean `{near}`?" if near else "Write one of them.",
        )
        raise _Unfit

    def _items(self, node: Node, kind: types.Type, name: str) -> list[object]:
        found = []
        for item in node.items:
            try:
                found.append(self.value(item, kind, f"An entry of {name}"))
            except _Unfit:
                continue
        return found

    def _entries(self, node: Node, kind: types.DictType) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, (_, value) in node.entries.items():
            if value.kind == "null" and _nullable(kind.value_type):
                found[key] = None
                continue
            try:
                found[key] = self.value(value, kind.value_type, f"`{key}`")
            except _Unfit:
                continue
        return found

    def _span(self, node: Node, name: str) -> float:
        if node.kind not in ("text", "integer", "number"):
            raise self._unfit(node, name, ["a span of time such as 30s"])
        value = node.value
        assert isinstance(value, str | int | float)  # noqa: S101 - the kinds just asked for
        try:
            return span(value)
        except Invalid as error:
            message = f"{name} must be a span of time of at most 100 years, not {value!r}."
            self._problems.error(error.code, message, node.place, error.advice)
            raise _Unfit from None

    def _expression(self, node: Node, name: str) -> str:
        if node.kind == "text":
            return node.text
        if node.kind in ("boolean", "integer", "number"):
            return str(node.value).lower()
        raise self._unfit(node, name, ["an expression"])

    def _bounds(self, node: Node, kind: types.Type, name: str) -> None:
        if isinstance(kind, types.IntType | types.FloatType) and isinstance(
            node.value, int | float
        ):
            low, high = kind.ge, kind.le
            if (low is not None and node.value < low) or (high is not None and node.value > high):
                self._problems.error(
                    "out_of_range",
                    f"{name} must be {_range(low, high)}.",
                    node.place,
                    f"Write such a number in place of {node.value:,}.",
                )
                raise _Unfit
        elif isinstance(kind, types.StrType) and kind.min_length and not node.text.strip():
            message = f"{name} must not be empty."
            self._problems.error("wrong_value", message, node.place, "Write a text, or remove it.")
            raise _Unfit


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"between {low:,} and {high:,}"
    return f"at least {low:,}" if low is not None else f"at most {high:,}"


_KINDS: tuple[tuple[type[types.Type], tuple[str, ...], str], ...] = (
    (types.StrType, ("text",), "text"),
    (types.BoolType, ("boolean",), "true or false"),
    (types.IntType, ("integer",), "a whole number"),
    (types.FloatType, ("integer", "number"), "a number"),
    (types.LiteralType, ("text",), "a word"),
    (types.ListType, ("list",), "a list"),
    (types.VarTupleType, ("list",), "a list"),
    (types.DictType, ("mapping",), "a mapping"),
    (types.StructType, ("mapping",), "a mapping"),
)


def _bare(kind: types.Type) -> types.Type:
    while isinstance(kind, types.Metadata):
        kind = kind.type
    return kind


def _fits(node: Node, kind: types.Type) -> bool:
    if isinstance(kind, types.Metadata) and (kind.extra or {}).get("as") == "span":
        return node.kind in ("text", "integer", "number")
    if isinstance(kind, types.Metadata) and (kind.extra or {}).get("as") == "expression":
        return node.kind in ("text", "boolean", "integer", "number")
    bare = _bare(kind)
    if isinstance(bare, types.AnyType):
        return True
    return any(isinstance(bare, of) and node.kind in kinds for of, kinds, _ in _KINDS)


def _words(kind: types.Type) -> list[str]:
    """Return how the values a type takes are called."""
    if isinstance(kind, types.Metadata) and (kind.extra or {}).get("as") == "span":
        return ["a span of time"]
    bare = _bare(kind)
    if isinstance(bare, types.LiteralType):
        return [f"`{value}`" for value in bare.values]
    return [next((word for of, _, word in _KINDS if isinstance(bare, of)), "a value")]


def _scalar(node: Node) -> bool:
    return node.kind in ("integer", "number", "boolean")


def _nullable(kind: types.Type) -> bool:
    bare = _bare(kind)
    return isinstance(bare, types.AnyType) or (
        isinstance(bare, types.UnionType)
        and any(isinstance(one, types.NoneType) for one in bare.types)
    )


def _later(kind: types.Type) -> str | None:
    if isinstance(kind, types.Metadata):
        capability = (kind.extra or {}).get("later")
        return str(capability) if capability else _later(kind.type)
    return None


def _description(kind: types.Type) -> str:
    if isinstance(kind, types.Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or _description(kind.type)
    return ""


def _meant(key: str, known: list[str], authored: type[Authored]) -> str:
    ours = authored.elsewhere.get(key.casefold())
    return f"Did you mean `{ours}`?" if ours else hint(key, known)


def _authored(kind: types.StructType) -> type[Authored]:
    assert issubclass(kind.cls, Authored)  # noqa: S101 - authored types nest only authored types
    return kind.cls


def _called(kind: types.StructType) -> str:
    return _authored(kind).called


def _empty(kind: types.Type) -> object:
    """Return what stands in for a required value that is missing, so that checks can go on."""
    makers: tuple[tuple[type[types.Type], Callable[[], object]], ...] = (
        (types.StrType, str),
        (types.ListType, list),
        (types.VarTupleType, tuple),
        (types.DictType, dict),
        (types.FloatType, float),
        (types.IntType, int),
    )
    bare = _bare(kind)
    return next((make() for of, make in makers if isinstance(bare, of)), msgspec.UNSET)
