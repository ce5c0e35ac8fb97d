"""The published JSON Schema of authored types: what editors complete and check with.

Made from the same fields that read the files; a test keeps the files in ``schema/`` equal.
"""

from collections.abc import Mapping

from msgspec import inspect as types

from kapell.core.definitions.authored import Authored
from kapell.kit.json import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SIMPLE: tuple[tuple[type[types.Type], str], ...] = (
    (types.StrType, "string"),
    (types.BoolType, "boolean"),
    (types.IntType, "integer"),
    (types.FloatType, "number"),
)


def schema_of(authored: type[Authored], title: str) -> dict[str, Json]:
    """Return the JSON Schema of an authored type, with every type it holds under ``$defs``."""
    writer = _Writer()
    root = types.type_info(authored)
    writer.schema(root)
    name = _name(authored)
    return {
        "$schema": DIALECT,
        "title": title,
        **writer.definitions[name],
        "$defs": {key: one for key, one in sorted(writer.definitions.items()) if key != name},
    }


def _name(authored: type) -> str:
    return authored.__name__.removesuffix("Form")


class _Writer:
    def __init__(self) -> None:
        self.definitions: dict[str, Mapping[str, Json]] = {}

    def schema(self, kind: types.Type) -> dict[str, Json]:
        """Return the schema of a type; structs become references."""
        if isinstance(kind, types.Metadata):
            said = dict(kind.extra_json_schema or {})
            own: dict[str, Json] = {} if "anyOf" in said else self.schema(kind.type)
            return {**own, **said}
        if isinstance(kind, types.StructType):
            return self._reference(kind)
        if isinstance(kind, types.UnionType):
            return self._union(kind)
        if isinstance(kind, types.LiteralType):
            return {"enum": list(kind.values)}
        if isinstance(kind, types.ListType | types.VarTupleType):
            return {"type": "array", "items": self.schema(kind.item_type)}
        if isinstance(kind, types.DictType):
            inner = self._entry(kind.value_type)
            return {"type": "object", **({"additionalProperties": inner} if inner else {})}
        return _simple(kind)

    def _union(self, kind: types.UnionType) -> dict[str, Json]:
        wanted = [one for one in kind.types if not isinstance(one, types.NoneType)]
        if len(wanted) == 1:
            return self.schema(wanted[0])
        return {"anyOf": [self.schema(one) for one in wanted]}

    def _entry(self, kind: types.Type) -> dict[str, Json]:
        """Return the schema of a mapping's value, where nothing may be written too."""
        inner = self.schema(kind)
        if isinstance(kind, types.UnionType) and types.NoneType() in kind.types:
            return {"anyOf": [inner, {"type": "null"}]}
        return inner

    def _reference(self, kind: types.StructType) -> dict[str, Json]:
        authored = kind.cls
        assert issubclass(authored, Authored)  # noqa: S101 - authored types nest only their like
        name = _name(authored)
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._definition(kind, authored)
        return {"$ref": f"#/$defs/{name}"}

    def _definition(self, kind: types.StructType, authored: type[Authored]) -> dict[str, Json]:
        found: dict[str, Json] = {
            "description": " ".join((authored.__doc__ or "").split()),
            "type": "object",
            "properties": {field.encode_name: self.schema(field.type) for field in kind.fields},
            "required": [field.encode_name for field in kind.fields if field.required],
            "additionalProperties": authored.open_ended,
        }
        if authored.exactly_one:
            found["oneOf"] = [{"required": [key]} for key in authored.exactly_one]
        return found


def _simple(kind: types.Type) -> dict[str, Json]:
    for of, name in _SIMPLE:
        if isinstance(kind, of):
            found: dict[str, Json] = {"type": name}
            low, high = getattr(kind, "ge", None), getattr(kind, "le", None)
            if low is not None:
                found["minimum"] = low
            if high is not None:
                found["maximum"] = high
            if getattr(kind, "min_length", None):
                found["minLength"] = 1
            return found
    return {}
