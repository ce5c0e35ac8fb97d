"""Pieces of JSON Schema that the descriptions of tools are made of."""

from collections.abc import Mapping, Sequence

from kapell.core.tools.paths import PATH_MARK
from kapell.kit.json import Json


def object_of(required: Sequence[str], **properties: Json) -> Mapping[str, Json]:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def text_of(description: str, **more: Json) -> Json:
    """Return the schema of a text."""
    return {"type": "string", "description": description, **more}


def whole_of(description: str, least: int, most: int) -> Json:
    """Return the schema of a whole number between two bounds."""
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


def list_of(items: Json, most: int, description: str = "", *, least: int = 0) -> Json:
    """Return the schema of a list with at most so many items."""
    said: Mapping[str, Json] = {"description": description} if description else {}
    return {"type": "array", "items": items, "minItems": least, "maxItems": most, **said}


STRING: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
READ_PATH: Json = {
    "type": ["string", "object"],
    PATH_MARK: True,
    "minLength": 1,
    "required": ["artifact"],
    "properties": {
        "artifact": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "name": {"type": "string"},
        "size": {"type": "integer"},
        "media": {"type": "string"},
    },
    "description": "A file input, or a path: looked for in the run's folder, then the workspace.",
}
WRITE_PATH = text_of(
    "Where in the run's folder; folders on the way are made.", minLength=1, **{PATH_MARK: True}
)
ENCODING = text_of("How the text is encoded, if not UTF-8 or marked UTF-16.", minLength=1)
