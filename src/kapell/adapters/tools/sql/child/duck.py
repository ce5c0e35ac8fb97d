"""DuckDB over the files of one folder: locked before the query is looked at."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from kapell.adapters.tools.sql.child.refusal import Refused
from kapell.core.tools.engines import config, locks

_READERS = {
    "csv": "read_csv('{}')",
    "tsv": "read_csv('{}', delim='\\t')",
    "json": "read_json_auto('{}')",
    "jsonl": "read_json_auto('{}', format='newline_delimited')",
    "parquet": "read_parquet('{}')",
}
_PIECE = 500


class Duck:
    """A database in memory whose tables are views of files.

    Args:
        folder: The folder that may be read; the current one.
        tables: Name, file and format of each.
        memory: Bytes it may hold.
        seconds: After which the query is given up.
    """

    def __init__(
        self, folder: str, tables: Sequence[Mapping[str, str]], memory: int, seconds: float
    ) -> None:
        self._connection = duckdb.connect(":memory:", config=config(memory))
        for lock in locks(folder):
            self._connection.execute(lock)
        self._clock = threading.Timer(seconds, self._connection.interrupt)
        self._clock.daemon = True
        self._clock.start()
        for table in tables:
            # The names are letters, digits and underscores; the parent has seen to it.
            reader = _READERS[table["format"]].format(table["file"])
            try:
                self._connection.execute(f'CREATE VIEW "{table["name"]}" AS FROM {reader}')
            except duckdb.Error as error:
                raise Refused("file", f"{table['name']}: {error}") from error

    def rows(
        self, query: str, params: Any
    ) -> tuple[list[tuple[str, str]], Iterator[tuple[object, ...]]]:
        """Return the columns with their types, and the rows.

        Raises:
            Refused: ``read_only`` for what is no query, ``broken``, ``slow``, ``memory``.
        """
        try:
            statements = self._connection.extract_statements(query)
            kinds = {"SELECT", "EXPLAIN"}
            if len(statements) != 1 or statements[0].type.name not in kinds:
                raise Refused("read_only", "")
            self._connection.execute(statements[0], params or None)
        except (duckdb.Error, RuntimeError, ValueError, TypeError) as error:
            raise _told(error) from error
        described = self._connection.description or ()
        return [(str(one[0]), str(one[1])) for one in described], self._fetched()

    def _fetched(self) -> Iterator[tuple[object, ...]]:
        try:
            while piece := self._connection.fetchmany(_PIECE):
                yield from piece
        except (duckdb.Error, RuntimeError) as error:
            raise _told(error) from error


def _told(error: Exception) -> Refused:
    if isinstance(error, duckdb.InterruptException):
        return Refused("slow", "")
    if isinstance(error, duckdb.OutOfMemoryException):
        return Refused("memory", "")
    if isinstance(error, duckdb.PermissionException):
        return Refused("read_only", "")
    return Refused("broken", str(error))
