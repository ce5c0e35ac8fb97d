"""Many rows in few statements.

Every step of a statement gives Python's lock away; with a busy event loop each time may cost
milliseconds to get it back. So rows go in by hundreds: but for the smallest, sizes are powers of
two, their statements stay prepared.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache

_PARAMETERS = 12_000
"""Values bound to one statement; SQLite allows 32,766."""

_SMALL = 8
"""Rows up to which every number has its statement."""

_FROM = "FROM (VALUES {rows}) AS v"

Value = str | int | float | bytes | None
Row = Sequence[Value]


@cache
def _filled(template: str, width: int, count: int) -> str:
    if count == 1 and template.lstrip().startswith("UPDATE"):
        # With a list of one, SQLite makes a table of it first: that takes four times as long.
        return re.sub(r"v\.column(\d+)", r"?\1", template.replace(_FROM, ""))
    row = f"({', '.join('?' * width)})"
    return template.replace("{rows}", ", ".join([row] * count))


def statements(template: str, rows: Sequence[Row]) -> Iterator[tuple[str, list[Value]]]:
    """Yield statements with their values; ``{rows}`` in the template becomes the VALUES list."""
    if not rows:
        return
    width = len(rows[0])
    size = 1 << (_PARAMETERS // width).bit_length() - 1
    done, total = 0, len(rows)
    while done < total:
        while size > total - done:
            size = max(size >> 1, min(total - done, _SMALL))
        part = rows[done : done + size]
        done += size
        yield _filled(template, width, size), [value for row in part for value in row]


def execute(connection: sqlite3.Connection, template: str, rows: Sequence[Row]) -> int:
    """Execute the template for all rows; return how many rows of tables were changed."""
    changed = 0
    for statement, values in statements(template, rows):
        changed += connection.execute(statement, values).rowcount
    return changed


def select(connection: sqlite3.Connection, template: str, rows: Sequence[Row]) -> list[Value]:
    """Return the first column of the template's results for all rows."""
    found: list[Value] = []
    for statement, values in statements(template, rows):
        found += [row[0] for row in connection.execute(statement, values)]
    return found
