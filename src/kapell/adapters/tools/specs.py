"""The built-in tools as data: light enough for `kapell validate`, which must not load them."""

from collections.abc import Mapping, Sequence

from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json


def _object(required: Sequence[str], **properties: Json) -> Mapping[str, Json]:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _text(description: str, **more: Json) -> Json:
    return {"type": "string", "description": description, **more}


_READ_PATH: Json = {
    "type": ["string", "object"],
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
_WRITE_PATH = _text("Where in the run's folder; folders on the way are made.", minLength=1)
_ENCODING = _text("How the text is encoded, if not UTF-8 or marked UTF-16.", minLength=1)
_DELIMITER = _text("What separates cells; found out when not given.", pattern='^[^"\r\n]$')
_COUNT: Json = {"type": "integer", "minimum": 0}
_COLUMNS: Json = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}

TABLE_READ = ToolSpec(
    name="table.read",
    description="Read a table (CSV, TSV or JSON lines). Cells stay text as they are written.",
    args=_object(
        ["path"],
        path=_READ_PATH,
        format={"enum": ["csv", "tsv", "jsonl"], "description": "By the name when not given."},
        delimiter=_DELIMITER,
        encoding=_ENCODING,
        header={"type": "boolean", "description": "Whether the first row names the columns."},
        columns=_COLUMNS,
        ragged={
            "enum": ["fail", "fill"],
            "description": "What to do with rows that are too short.",
        },
    ),
    returns=_object(
        ["columns", "rows", "count"],
        columns={"type": "array", "items": {"type": "string"}},
        rows={"type": "array", "items": {"type": "object"}},
        count=_COUNT,
    ),
)
TABLE_WRITE = ToolSpec(
    name="table.write",
    description="Write a table (CSV, TSV or JSON lines) into the run's folder.",
    args=_object(
        ["path", "rows"],
        path=_WRITE_PATH,
        rows={"type": "array", "items": {"type": "object"}},
        columns=_COLUMNS,
        format={"enum": ["csv", "tsv", "jsonl"], "description": "By the name when not given."},
        delimiter=_DELIMITER,
    ),
    returns=_object(["path", "count", "size"], path={"type": "string"}, count=_COUNT, size=_COUNT),
    effects="write",
)
FILE_READ = ToolSpec(
    name="file.read",
    description="Read a text file.",
    args=_object(["path"], path=_READ_PATH, encoding=_ENCODING),
    returns=_object(
        ["path", "text", "size"], path={"type": "string"}, text={"type": "string"}, size=_COUNT
    ),
)
FILE_WRITE = ToolSpec(
    name="file.write",
    description="Write a text file into the run's folder, in place of one that is there.",
    args=_object(["path", "text"], path=_WRITE_PATH, text=_text("What the file shall hold.")),
    returns=_object(["path", "size"], path={"type": "string"}, size=_COUNT),
    effects="write",
)
FILE_DELETE = ToolSpec(
    name="file.delete",
    description="Remove a file from the run's folder; one that is not there is no error.",
    args=_object(["path"], path=_text("Where in the run's folder.", minLength=1)),
    returns=_object(["path", "deleted"], path={"type": "string"}, deleted={"type": "boolean"}),
    effects="write",
)
JSON_QUERY = ToolSpec(
    name="json.query",
    description="Take values out of JSON with a JMESPath expression; returns what it finds.",
    args=_object(
        ["query"],
        query=_text("A JMESPath expression.", minLength=1, maxLength=4000),
        data={"description": "The JSON to look into; or give `path`."},
        path=_READ_PATH,
    ),
)
HTTP_REQUEST = ToolSpec(
    name="http.request",
    description="Ask an allowed HTTP server; returns status, headers and body.",
    folder=False,
    trust="untrusted",
    args=_object(
        ["url"],
        url=_text("An http or https address.", minLength=1, maxLength=8000),
        method={"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
        headers={"type": "object", "additionalProperties": {"type": "string"}},
        json={"description": "Sent as JSON; or give `body`."},
        body=_text("Sent as it stands."),
        timeout={"type": "number", "exclusiveMinimum": 0, "description": "Seconds."},
    ),
    returns=_object(
        ["status", "url", "headers", "body", "json"],
        status={"type": "integer"},
        url={"type": "string"},
        headers={"type": "object", "additionalProperties": {"type": "string"}},
        body={"type": ["string", "null"]},
        json={},
    ),
    repeatable=False,
    effects="external",
    repeatable_when={"method": ("GET", "HEAD", None)},
)

_ALL = (TABLE_READ, TABLE_WRITE, FILE_READ, FILE_WRITE, FILE_DELETE, JSON_QUERY, HTTP_REQUEST)

SPECS: Mapping[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""The built-in tools' descriptions, by name."""


def builtin_specs() -> Sequence[ToolSpec]:
    """Return what the built-in tools say of themselves."""
    return _ALL
