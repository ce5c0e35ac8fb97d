"""What ``table.read`` and ``table.write`` say of themselves."""

from kapell.adapters.tools.schemas import (
    COUNT,
    ENCODING,
    READ_PATH,
    STRING,
    WRITE_PATH,
    object_of,
    text_of,
)
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

_DELIMITER = text_of("What separates cells; found out when not given.", pattern='^[^"\r\n]$')
_COLUMNS: Json = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}

TABLE_READ = ToolSpec(
    name="table.read",
    description="Read a table (CSV, TSV or JSON lines). Cells stay text as they are written.",
    args=object_of(
        ["path"],
        path=READ_PATH,
        format={"enum": ["csv", "tsv", "jsonl"], "description": "By the name when not given."},
        delimiter=_DELIMITER,
        encoding=ENCODING,
        header={"type": "boolean", "description": "Whether the first row names the columns."},
        columns=_COLUMNS,
        ragged={
            "enum": ["fail", "fill"],
            "description": "What to do with rows that are too short.",
        },
    ),
    returns=object_of(
        ["columns", "rows", "count"],
        columns={"type": "array", "items": STRING},
        rows={"type": "array", "items": {"type": "object"}},
        count=COUNT,
    ),
)
TABLE_WRITE = ToolSpec(
    name="table.write",
    description="Write a table (CSV, TSV or JSON lines) into the run's folder.",
    args=object_of(
        ["path", "rows"],
        path=WRITE_PATH,
        rows={"type": "array", "items": {"type": "object"}},
        columns=_COLUMNS,
        format={"enum": ["csv", "tsv", "jsonl"], "description": "By the name when not given."},
        delimiter=_DELIMITER,
    ),
    returns=object_of(["path", "count", "size"], path=STRING, count=COUNT, size=COUNT),
    effects="write",
)
