"""What ``sql.query`` says of itself."""

from kapell.adapters.tools.schemas import (
    COUNT,
    READ_PATH,
    STRING,
    list_of,
    object_of,
    text_of,
    whole_of,
)
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

NAME = "^[A-Za-z_][A-Za-z0-9_]{0,62}$"
"""What a table may be called."""

_SCALAR: Json = {"type": ["string", "number", "boolean", "null"]}

SQL_QUERY = ToolSpec(
    name="sql.query",
    description="Ask one read-only SQL query: over files (CSV, TSV, JSON, JSON lines, Parquet) as "
    "`tables` of DuckDB, or over a SQLite `database` file.",
    args=object_of(
        ["query"],
        query=text_of(
            "One SELECT; values go into `params`: `?` or, by name, `$name` (`:name` in SQLite).",
            minLength=1,
            maxLength=20_000,
        ),
        tables={
            "type": "object",
            "minProperties": 1,
            "maxProperties": 16,
            "propertyNames": {"pattern": NAME},
            "additionalProperties": READ_PATH,
            "description": "Name of each table and the file it is.",
        },
        database=READ_PATH,
        params={
            "description": "Values for the query, in order or by name.",
            "anyOf": [
                {"type": "array", "items": _SCALAR, "maxItems": 200},
                {"type": "object", "additionalProperties": _SCALAR, "maxProperties": 200},
            ],
        },
        limit=whole_of("Rows to return; 1000 if not given.", 1, 100_000),
    ),
    returns=object_of(
        ["columns", "rows", "count", "more"],
        columns=list_of(object_of(["name", "type"], name=STRING, type=STRING), 10_000),
        rows={"type": "array", "items": {"type": "object"}},
        count=COUNT,
        more={"type": "boolean"},
    ),
    timeout=120.0,
)
