"""Types of parameters as JSON Schema, and JSON as values of those types.

Pydantic reads everything Python knows, dataclasses and its own models; msgspec reads its structs.
"""

import inspect
import json
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import PydanticUserError, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from kapell.core.tools.paths import PATH_MARK
from kapell.kit.json import Json

_REFERENCES = "#/$defs/{name}"
_PATHS = frozenset({"path", "file-path", "directory-path"})


class ShapeBroken(Exception):
    """The type has no JSON Schema; the text says why."""


class Shapes:
    """Collects types that are described in one schema with shared definitions."""

    def __init__(self) -> None:
        self._adapters: dict[str, TypeAdapter[Any]] = {}
        self._structs: dict[str, Any] = {}

    def add(self, name: str, annotation: Any) -> Callable[[Json], object]:
        """Take a type in and return what makes its values out of JSON.

        Raises:
            ShapeBroken: there is no JSON for it.
        """
        if any(_is_msgspec(part) for part in _parts(annotation)):
            self._structs[name] = annotation
            return lambda value: msgspec.convert(value, annotation)
        adapter = self._adapters[name] = adapter_of(annotation)
        return adapter.validate_python

    def schemas(self) -> tuple[dict[str, dict[str, Json]], dict[str, Json]]:
        """Return the schema of each type by its name, and the definitions they refer to.

        Raises:
            ShapeBroken: there is no JSON for one of them.
        """
        found: dict[str, dict[str, Json]] = {}
        definitions: dict[str, Json] = {}
        try:
            if self._adapters:
                several, shared = TypeAdapter.json_schemas(
                    [(name, "validation", one) for name, one in self._adapters.items()],
                    ref_template="#/$defs/{model}",
                    schema_generator=_Untitled,
                )
                found.update((str(name), schema) for (name, _), schema in several.items())
                definitions.update(shared.get("$defs", {}))
            if self._structs:
                schemas, components = msgspec.json.schema_components(
                    list(self._structs.values()), ref_template=_REFERENCES
                )
                found.update(zip(self._structs, schemas, strict=True))
                definitions.update(components)
        except (PydanticUserError, TypeError, ValueError) as error:
            raise ShapeBroken(_first_line(error)) from error
        _mark_paths([*found.values(), *definitions.values()])
        return found, definitions


def adapter_of(annotation: Any) -> TypeAdapter[Any]:
    """Return what reads values of a type; texts stay texts and numbers numbers."""
    try:
        return TypeAdapter(annotation)
    except (PydanticUserError, TypeError, NameError) as error:
        raise ShapeBroken(_first_line(error)) from error


def returned_schema(annotation: Any) -> Json:
    """Return the schema of what a function says to return; None when it says nothing of use."""
    if annotation is Any or annotation is inspect.Signature.empty or annotation is object:
        return None
    try:
        if any(_is_msgspec(part) for part in _parts(annotation)):
            return typing.cast("Json", msgspec.json.schema(annotation))
        schema: Json = adapter_of(annotation).json_schema(
            mode="serialization", schema_generator=_Untitled
        )
    except (ShapeBroken, PydanticUserError, TypeError, ValueError):
        return None
    return schema


def as_json(value: object) -> Json:
    """Return a value as JSON: models, dataclasses, enums, dates and sets as what they hold.

    Raises:
        TypeError: it holds what JSON has no form for.
        ValueError: it holds a number that is none, or holds itself.
    """
    found: Json = msgspec.to_builtins(value, enc_hook=_foreign, str_keys=True)
    # msgspec writes null for a number that is none, and the log would tell another story.
    json.dumps(found, allow_nan=False)
    return found


def _foreign(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class _Untitled(GenerateJsonSchema):
    """Schemas without titles that only repeat the names of their fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _is_msgspec(part: object) -> bool:
    return isinstance(part, msgspec.Meta) or (
        isinstance(part, type) and issubclass(part, msgspec.Struct)
    )


def _parts(annotation: Any) -> Iterator[object]:
    """Yield a type, what it is made of, and what is said of it."""
    yield annotation
    for one in getattr(annotation, "__metadata__", ()):
        yield one
    for one in typing.get_args(annotation):
        if not isinstance(one, str | int | bool | None):
            yield from _parts(one)


def _mark_paths(schemas: Sequence[Json]) -> None:
    """Mark the texts that become paths, so that the door keeps them inside."""
    for schema in schemas:
        if isinstance(schema, dict):
            if schema.get("format") in _PATHS:
                schema[PATH_MARK] = True
            _mark_paths(list(schema.values()))
        elif isinstance(schema, list | tuple):
            _mark_paths(schema)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def described(schema: Mapping[str, Json], text: str) -> dict[str, Json]:
    """Return a schema with a description, unless it has its own."""
    if not text or "description" in schema:
        return dict(schema)
    return {**schema, "description": text}
