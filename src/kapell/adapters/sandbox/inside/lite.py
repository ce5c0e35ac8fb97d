"""SQLite, locked: a database in memory that reaches no file and no other database."""

import json
import resource
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from kapell.adapters.sandbox.inside.ending import Failed, TooMuch

_REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA})
_LONGEST_VALUE = 16 * 1024 * 1024
_COMPOUND = 200


class Lite:
    """A database in memory.

    Args:
        memory: Bytes of addresses its process may have.
        tables: Rows by the name of their table.
    """

    def __init__(self, memory: int, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute("PRAGMA temp_store = MEMORY")
        for name, rows in tables.items():
            self._fill(name, rows)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, _COMPOUND)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._connection.set_authorizer(_allowed)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def _fill(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        columns = list(dict.fromkeys(str(key) for row in rows for key in row))
        listed = ", ".join(map(_quoted, columns))
        marks = ", ".join("?" * len(columns))
        try:
            # Names are quoted; SQLite has no other way to take them.
            self._connection.execute(f"CREATE TABLE {_quoted(name)} ({listed})")
            self._connection.executemany(
                f"INSERT INTO {_quoted(name)} VALUES ({marks})",  # noqa: S608 - quoted
                [[_cell(row.get(column)) for column in columns] for row in rows],
            )
        except (sqlite3.Error, OverflowError) as error:
            raise Failed(f"The table {name!r} cannot be made: {error}") from None

    def run(self, source: str, values: Mapping[str, object]) -> Iterator[dict[str, object]] | None:
        """Run the statements; return the rows of the last one, None when it yields none."""
        given = {name: _cell(value) for name, value in values.items()}
        cursor = self._connection.cursor()
        try:
            for statement in _statements(source):
                cursor = self._connection.execute(statement, given)
        except MemoryError:
            raise TooMuch("memory") from None
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise Failed(str(error)) from None
        if cursor.description is None:
            return None
        return _rows(cursor, [str(column[0]) for column in cursor.description])

    def interrupt(self) -> None:
        """End what runs."""
        self._connection.interrupt()


def _rows(cursor: sqlite3.Cursor, names: Sequence[str]) -> Iterator[dict[str, object]]:
    try:
        for row in cursor:
            yield dict(zip(names, row, strict=True))
    except MemoryError:
        raise TooMuch("memory") from None
    except sqlite3.Error as error:
        raise Failed(str(error)) from None


def _statements(source: str) -> Iterator[str]:
    """Yield the statements one by one; a semicolon inside a text or a trigger ends none."""
    statement = ""
    for piece in source.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \t\r\n;"):
                yield statement
            statement = ""
    if statement.strip(" \t\r\n;"):
        yield statement


def _allowed(action: int, *what: str | None) -> int:
    if action in _REFUSED or (action == sqlite3.SQLITE_FUNCTION and what[1] == "load_extension"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
