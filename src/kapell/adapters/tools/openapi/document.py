"""An OpenAPI description as JSON Schema understands it: 3.0 brought to the words of 3.1."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import unquote

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kapell.kit.errors import Invalid, Missing

LARGEST = 10_000_000
"""Bytes a description may have."""
_DEPTH = 60
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_DATA = frozenset({"enum", "const", "default", "example", "examples", "required"})
"""Keywords whose values are no schemas."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords that hold schemas by names of the author's own."""


class Document:
    """A description whose references are followed.

    Args:
        value: The description as plain JSON.
        name: What the settings call the API.
    """

    def __init__(self, value: Mapping[str, Any], name: str) -> None:
        self.value = value
        self.name = name
        self._old = str(value["openapi"]).startswith("3.0")
        self._keys: dict[str, str] = {}

    def mapping(self, value: Any, what: str) -> Mapping[str, Any]:
        """Return what a reference or a value is, empty for None.

        Raises:
            Invalid: ``openapi_broken`` when it is no mapping.
        """
        found = self.followed(value)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise _broken(self.name, f"{what} should be a mapping")
        return found

    def list(self, value: Any, what: str) -> Sequence[Any]:
        """Return what a reference or a value is, empty for None.

        Raises:
            Invalid: ``openapi_broken`` when it is no list.
        """
        found = self.followed(value)
        if found is None:
            return ()
        if not isinstance(found, list | tuple):
            raise _broken(self.name, f"{what} should be a list")
        return found

    def followed(self, value: Any) -> Any:
        """Return what a reference leads to; anything else as it is.

        Raises:
            Missing: ``openapi_reference`` when it leads nowhere, or in a circle.
        """
        for _ in range(_DEPTH):
            if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
                return value
            value = self._at(value["$ref"])
        raise self._lost("a circle of references")

    def schema(self, value: Any, needed: dict[str, Any]) -> Any:
        """Return a schema that refers to ``#/$defs``; what it refers to is put into ``needed``."""
        if isinstance(value, list):
            return [self.schema(one, needed) for one in value]
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str):
            key = self._key(reference)
            if key not in needed:
                needed[key] = {}
                needed[key] = self.schema(self._at(reference), needed)
            return {"$ref": f"#/$defs/{key}"}
        return self._words({key: self._inner(key, one, needed) for key, one in value.items()})

    def _inner(self, key: str, value: Any, needed: dict[str, Any]) -> Any:
        """Return a keyword's value; examples and choices are data, names of properties names."""
        if key in _DATA:
            return value
        if key in _NAMED and isinstance(value, Mapping):
            return {name: self.schema(one, needed) for name, one in value.items()}
        return self.schema(value, needed)

    def _key(self, reference: str) -> str:
        """Return what the target of a reference is called: two of one name are told apart."""
        known = self._keys.get(reference)
        if known is None:
            last = _UNUSUAL.sub("_", _unescaped(reference.rpartition("/")[2]))
            taken = set(self._keys.values())
            several = (last if number == 1 else f"{last}_{number}" for number in count(1))
            known = self._keys[reference] = next(one for one in several if one not in taken)
        return known

    def _words(self, schema: dict[str, Any]) -> dict[str, Any]:
        for word in ("xml", "externalDocs", "discriminator", "example"):
            schema.pop(word, None)
        if not self._old:
            return schema
        if schema.pop("nullable", False) is True:
            kind = schema.get("type")
            if isinstance(kind, str):
                schema["type"] = [kind, "null"]
            elif "$ref" not in schema:
                schema = {"anyOf": [schema, {"type": "null"}]}
            if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
                schema["enum"] = [*schema["enum"], None]
        for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            said = schema.get(bound)
            if said is True and limit in schema:
                schema[bound] = schema.pop(limit)
            elif isinstance(said, bool):
                schema.pop(bound)
        return schema

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise self._lost(f"a reference to another file ({reference[:100]})")
        found: Any = self.value
        for part in reference[2:].split("/"):
            key = _unescaped(part)
            if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
                continue
            if not isinstance(found, Mapping) or key not in found:
                raise self._lost(f"a reference that leads nowhere ({reference[:100]})")
            found = found[key]
        return found

    def _lost(self, what: str) -> Missing:
        return Missing(
            f"The description of tools.openapi.{self.name} holds {what}.",
            code="openapi_reference",
            advice="Bundle the description into one file, and check it with a validator.",
        )


def _unescaped(part: str) -> str:
    """Return a part of a reference as the key it stands for."""
    return unquote(part).replace("~1", "/").replace("~0", "~")


def parsed(data: bytes, name: str) -> Document:
    """Return a description, JSON or YAML.

    Raises:
        Invalid: ``openapi_broken`` when it is none.
    """
    value = _read(data, name)
    version = value.get("openapi") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not str(version).startswith(("3.0", "3.1")):
        raise _broken(name, "it is no OpenAPI description of version 3.0 or 3.1")
    return Document(value, name)


def _read(data: bytes, name: str) -> Any:
    if len(data) > LARGEST:
        raise _broken(name, f"it has more than {LARGEST:,} bytes")
    try:
        if data.lstrip()[:1] == b"{":
            # Most descriptions are JSON, and that is read a hundred times faster.
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(data)
        # Keys such as `200` and values such as dates are texts in JSON.
        value = YAML(typ="safe", pure=True).load(data.decode())
        return msgspec.to_builtins(value, str_keys=True)
    except (msgspec.MsgspecError, YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _broken(name, str(error).partition("\n")[0]) from error


def _broken(name: str, why: str) -> Invalid:
    return Invalid(
        f"The description of tools.openapi.{name} cannot be used: {why}.",
        code="openapi_broken",
        advice="Check it with a validator; descriptions of version 2 are converted first.",
    )
