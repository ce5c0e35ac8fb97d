"""Property keys on the wires: what the keys of a schema become there, and how they come back.

Anthropic refuses a whole request for one key that holds a bracket, a space or an accent. Such a
key travels under a name that every wire takes, its own stands in its description. Only keys that a
schema speaks of are changed: free data keeps what it has.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from kapell.adapters.llm.remote.naming import wire_key
from kapell.kit.json import Json

_BY_KEY = ("properties", "dependentSchemas", "dependentRequired", "dependencies")
_BY_NAME = ("$defs", "definitions", "patternProperties")
_DATA = ("const", "default", "enum", "example", "examples")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_MOST = 1024
"""Schemas that are remembered; the oldest is looked through again when it comes back."""


class Keys:
    """The keys of a schema that no wire takes as they are; empty when there are none.

    Args:
        schema: Whose keys.
    """

    def __init__(self, schema: Json) -> None:
        named = ((key, wire_key(key)) for key in _declared(schema))
        self._theirs = {key: wire for key, wire in named if key != wire}
        self._ours = {wire: key for key, wire in self._theirs.items()}

    def __bool__(self) -> bool:
        return bool(self._theirs)

    def there(self, value: Json) -> Json:
        """Return a value with its keys as they are on the wire."""
        return _renamed(value, self._theirs) if self._theirs else value

    def back(self, value: Json) -> Json:
        """Return a value of the wire with our keys; a key that came as ours stays."""
        return _renamed(value, self._ours) if self._ours else value

    def shown(self, schema: Json) -> Any:
        """Return the schema as it is on the wire."""
        if isinstance(schema, Mapping):
            return {word: self._keyword(word, value) for word, value in schema.items()}
        if isinstance(schema, list | tuple):
            return [self.shown(one) for one in schema]
        return schema

    def _keyword(self, word: str, value: Json) -> Json:
        if word in _DATA:
            return self.there(value)
        if word in _REFERENCES and isinstance(value, str):
            return self._reference(value)
        if word == "required":
            return self._names(value)
        if isinstance(value, Mapping):
            if word == "propertyNames":
                return {key: self._name_rule(key, one) for key, one in value.items()}
            if word == "properties":
                return {self._name(key): self._property(key, one) for key, one in value.items()}
            if word in _BY_KEY:
                return {self._name(key): self._dependent(one) for key, one in value.items()}
            if word in _BY_NAME:
                return {key: self.shown(one) for key, one in value.items()}
        shown: Json = self.shown(value)
        return shown

    def _property(self, key: str, schema: Json) -> Json:
        shown: Json = self.shown(schema)
        if key not in self._theirs or not isinstance(shown, Mapping):
            return shown
        said = shown.get("description")
        return {**shown, "description": f"{key}: {said}" if said else key}

    def _dependent(self, value: Json) -> Json:
        """Return what depends on a key: other keys, or a schema."""
        shown: Json = self._names(value) if isinstance(value, list | tuple) else self.shown(value)
        return shown

    def _name_rule(self, word: str, value: Json) -> Json:
        return self._names(value) if word in ("enum", "const") else value

    def _names(self, value: Json) -> Json:
        if isinstance(value, list | tuple):
            return [self._names(one) for one in value]
        return self._name(value) if isinstance(value, str) else value

    def _name(self, key: str) -> str:
        return self._theirs.get(key, key)

    def _reference(self, pointer: str) -> str:
        """Return a reference to another part of the schema; it may lead through properties."""
        if not pointer.startswith("#/"):
            return pointer
        parts = pointer.split("/")
        for place in range(2, len(parts)):
            if parts[place - 1] in _BY_KEY:
                key = unquote(parts[place]).replace("~1", "/").replace("~0", "~")
                parts[place] = self._theirs.get(key, parts[place])
        return "/".join(parts)


class Fitted(msgspec.Struct, frozen=True):
    """A schema as every wire takes it, and what became of its keys."""

    schema: dict[str, Any]
    keys: Keys


class Fitting:
    """Makes schemas fit, each once for as long as it is the same object.

    Args:
        rooted: Gives a schema an object at its root.
    """

    def __init__(self, rooted: Callable[[Json], dict[str, Any]]) -> None:
        self._rooted = rooted
        self._made: dict[int, tuple[Json, Fitted]] = {}

    def of(self, schema: Json) -> Fitted:
        """Return a schema as every wire takes it."""
        known = self._made.get(id(schema))
        if known is not None:
            return known[1]
        plain = self._rooted(schema)
        keys = Keys(plain)
        fitted = Fitted(keys.shown(plain) if keys else plain, keys)
        if len(self._made) >= _MOST:
            del self._made[next(iter(self._made))]
        # The schema is held, so that no other one gets its id.
        self._made[id(schema)] = schema, fitted
        return fitted


def _declared(schema: Json) -> Iterator[str]:
    """Yield the keys a schema speaks of, wherever in it."""
    if isinstance(schema, list | tuple):
        for one in schema:
            yield from _declared(one)
    elif isinstance(schema, Mapping):
        for word, value in schema.items():
            if word in (*_BY_KEY, *_BY_NAME) and isinstance(value, Mapping):
                if word == "properties":
                    yield from value
                yield from _declared(list(value.values()))
            elif word not in _DATA:
                yield from _declared(value)


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    """Return a value with other keys; however deep it is, as a model may make it."""
    top: list[Json] = [None]
    left: list[tuple[Json, Any, Any]] = [(value, top, 0)]
    while left:
        one, holder, place = left.pop()
        if isinstance(one, Mapping):
            table = {names.get(key, key): inner for key, inner in one.items()}
            holder[place] = table
            left += [(inner, table, key) for key, inner in table.items()]
        elif isinstance(one, list | tuple):
            items = list(one)
            holder[place] = items
            left += [(inner, items, number) for number, inner in enumerate(items)]
        else:
            holder[place] = one
    return top[0]
