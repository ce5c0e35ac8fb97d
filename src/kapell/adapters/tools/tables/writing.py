"""Rows as the bytes of a table."""

import io
from collections.abc import Mapping, Sequence

from kapell.adapters.tools.tables.formats import Format
from kapell.adapters.tools.threads import Stop
from kapell.kit.json import Json, encode

_LOOK_EVERY = 1024


def columns_of(rows: Sequence[Mapping[str, Json]]) -> list[str]:
    """Return every key of the rows, in the order in which they first come."""
    return list(dict.fromkeys(key for row in rows for key in row))


def table_text(
    rows: Sequence[Mapping[str, Json]],
    columns: Sequence[str],
    kind: Format,
    delimiter: str,
    stop: Stop,
) -> str:
    """Return the table as text; nested values become JSON, null an empty cell."""
    out = io.StringIO(newline="")
    if kind != "jsonl":
        out.write(_line(columns, delimiter))
    for number, row in enumerate(rows):
        if number % _LOOK_EVERY == 0:
            stop.check()
        if kind == "jsonl":
            out.write(encode({name: row.get(name) for name in columns}).decode() + "\n")
        else:
            out.write(_line([_cell(row.get(name)) for name in columns], delimiter))
    return out.getvalue()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else encode(value).decode()


def _line(cells: Sequence[str], delimiter: str) -> str:
    """Return one line; the standard library's writer leaves a lone carriage return unquoted."""
    special = {delimiter, '"', "\r", "\n"}
    if len(cells) == 1 and not cells[0]:
        return '""\n'
    quoted = (
        cell if special.isdisjoint(cell) else '"' + cell.replace('"', '""') + '"' for cell in cells
    )
    return delimiter.join(quoted) + "\n"
