"""Values walked along with what their schema says of each part of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kapell.kit.json import Json

Schema: TypeAlias = Mapping[str, Json]
Change: TypeAlias = Callable[[str, Json], Json]
"""Returns what stands at a place in a value's stead: itself when nothing is to change."""
Marked: TypeAlias = Callable[[Schema], bool]
"""Tells whether a schema marks what it speaks of."""

_BRANCHES = ("anyOf", "oneOf", "allOf")
_CONDITIONS = ("if", "then", "else")


def holds(schema: Json, marked: Marked) -> bool:
    """Tell whether a schema marks anything."""
    if isinstance(schema, Mapping):
        return marked(schema) or any(holds(one, marked) for one in schema.values())
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return any(holds(one, marked) for one in schema)
    return False


def walked(schema: Json, value: Json, marked: Marked, change: Change) -> Json:
    """Return the value with each part changed that a schema marks, the keys of mappings too.

    Looked at are all schemas of a part: those behind references, of every alternative, and of keys
    (``propertyNames``).
    """
    if not isinstance(schema, Mapping) or not holds(schema, marked):
        return value
    return _Walk(schema, marked, change).part(schema, value, "")


class _Walk:
    """One walk: references lead from the root of its schema."""

    def __init__(self, root: Schema, marked: Marked, change: Change) -> None:
        self._root = root
        self._marked = marked
        self._change = change
        self._done: set[tuple[int, str]] = set()
        self._telling: dict[int, bool] = {}

    def part(self, schema: Json, value: Json, place: str) -> Json:
        """Return a part changed; what a schema says of it counts once, however often it is met."""
        if not isinstance(schema, Mapping) or not self._tells(schema):
            return value
        if (id(schema), place) in self._done:
            return value
        self._done.add((id(schema), place))
        if self._marked(schema):
            value = self._change(place, value)
        if isinstance(value, Mapping):
            value = self._mapping(schema, value, place)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            value = self._list(schema, value, place)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            value = self.part(self._resolved(reference), value, place)
        for one in _alternatives(schema):
            value = self.part(one, value, place)
        return value

    def _tells(self, schema: Schema) -> bool:
        """Tell whether a schema, or what it refers to, may mark anything."""
        known = self._telling.get(id(schema))
        if known is None:
            known = holds(schema, lambda one: self._marked(one) or "$ref" in one)
            self._telling[id(schema)] = known
        return known

    def _mapping(self, schema: Schema, value: Mapping[str, Json], place: str) -> Json:
        names = schema.get("propertyNames")
        changed: dict[str, Json] = {}
        for name, one in value.items():
            inside = below(place, name)
            for inner in _of_property(schema, name):
                one = self.part(inner, one, inside)
            key = self.part(names, name, f"{inside} (its name)")
            changed[key if isinstance(key, str) else name] = one
        return changed

    def _list(self, schema: Schema, value: Sequence[Json], place: str) -> Json:
        changed: list[Json] = []
        for number, one in enumerate(value):
            for inner in _of_item(schema, number):
                one = self.part(inner, one, below(place, str(number)))
            changed.append(one)
        return changed

    def _resolved(self, reference: str) -> Json:
        """Return what a reference within the schema leads to."""
        found: Json = self._root
        for part in filter(None, reference.removeprefix("#").split("/")):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list | tuple) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                found = found.get(key) if isinstance(found, Mapping) else None
        return found


def below(place: str, name: str) -> str:
    """Return the place of a part."""
    return f"{place}.{name}" if place else name


def _alternatives(schema: Schema) -> Iterator[Json]:
    for keyword in _BRANCHES:
        branches = schema.get(keyword)
        if isinstance(branches, list | tuple):
            yield from branches
    for keyword in _CONDITIONS:
        if keyword in schema:
            yield schema[keyword]
    depending = schema.get("dependentSchemas")
    if isinstance(depending, Mapping):
        yield from depending.values()


def _of_property(schema: Schema, name: str) -> Iterator[Json]:
    """Yield what a schema says of one property of a mapping."""
    known, patterns = schema.get("properties"), schema.get("patternProperties")
    told = False
    if isinstance(known, Mapping) and name in known:
        told = True
        yield known[name]
    for pattern, one in patterns.items() if isinstance(patterns, Mapping) else ():
        if _fits(pattern, name):
            told = True
            yield one
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if not told and keyword in schema:
            yield schema[keyword]


def _of_item(schema: Schema, number: int) -> Iterator[Json]:
    """Yield what a schema says of one item of a list."""
    items, first = schema.get("items"), schema.get("prefixItems")
    if isinstance(items, list | tuple):
        # Before 2020 the first items stood here.
        items, first = schema.get("additionalItems"), items
    if isinstance(first, list | tuple) and number < len(first):
        yield first[number]
    else:
        yield items
        yield schema.get("unevaluatedItems")
    yield schema.get("contains")


def _fits(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True
