"""DuckDB, locked: it reads the files of its folder and nothing else, and cannot be unlocked."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from kapell.adapters.sandbox.inside.ending import Failed, TooMuch
from kapell.core.tools.engines import config, locks

_PIECE = 1000


class Duck:
    """A database in memory.

    Args:
        folder: What it may read.
        memory: Bytes it may hold; there is no disk for more.
        tables: Rows by the name of their table.
    """

    def __init__(
        self, folder: str, memory: int, tables: Mapping[str, Sequence[Mapping[str, object]]]
    ) -> None:
        self._connection = duckdb.connect(":memory:", config=config(memory))
        for name, rows in tables.items():
            self._fill(folder, name, rows)
        for lock in locks(folder):
            self._connection.execute(lock)

    def _fill(self, folder: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        path = Path(folder) / ".table.json"
        path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
        quoted = '"' + name.replace('"', '""') + '"'
        # The name is quoted, and the path is one of ours.
        place = str(path).replace("'", "''")
        source = f"read_json('{place}', format='newline_delimited')"
        try:
            self._connection.execute(f"CREATE TABLE {quoted} AS SELECT * FROM {source}")  # noqa: S608 - quoted
        except duckdb.Error as error:
            raise Failed(f"The table {name!r} cannot be made: {error}") from None
        os.unlink(path)

    def run(self, source: str, values: Mapping[str, object]) -> Iterator[dict[str, object]] | None:
        """Run the statements; return the rows of the last one, None when it yields none."""
        try:
            statements = self._connection.extract_statements(source)
            for statement in statements:
                given = {
                    name: values[name] for name in statement.named_parameters if name in values
                }
                self._connection.execute(statement, given or None)
        except duckdb.OutOfMemoryException:
            raise TooMuch("memory") from None
        except (duckdb.Error, RuntimeError) as error:
            raise Failed(str(error)) from None
        if not statements or self._connection.description is None:
            return None
        return self._rows([str(column[0]) for column in self._connection.description])

    def _rows(self, names: Sequence[str]) -> Iterator[dict[str, object]]:
        try:
            while piece := self._connection.fetchmany(_PIECE):
                for row in piece:
                    yield dict(zip(names, row, strict=True))
        except duckdb.OutOfMemoryException:
            raise TooMuch("memory") from None
        except (duckdb.Error, RuntimeError) as error:
            raise Failed(str(error)) from None

    def interrupt(self) -> None:
        """End what runs."""
        self._connection.interrupt()
