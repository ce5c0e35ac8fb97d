"""A SQLite database file, opened to be read and nothing else."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from kapell.adapters.tools.sql.child.refusal import Refused

_ALLOWED = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_HARMLESS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info"})
_LONGEST = 16 * 1024 * 1024
_LOOK_EVERY = 10_000


class Lite:
    """A database file.

    Args:
        file: Its name in the current folder.
        memory: Bytes the library may hold.
        seconds: After which the query is given up.
    """

    def __init__(self, file: str, memory: int, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        try:
            self._connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
            self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
            for setting in (
                f"hard_heap_limit = {memory}",
                "query_only = on",
                "trusted_schema = off",
                "cell_size_check = on",
                "temp_store = memory",
                "mmap_size = 0",
            ):
                self._connection.execute(f"PRAGMA {setting}").fetchall()
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        except sqlite3.Error as error:
            raise Refused("file", str(error)) from error
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._connection.set_authorizer(_authorized)
        self._connection.set_progress_handler(self._is_late, _LOOK_EVERY)

    def rows(
        self, query: str, params: Any
    ) -> tuple[list[tuple[str, str]], Iterator[tuple[object, ...]]]:
        """Return the columns (SQLite knows no types of results), and the rows.

        Raises:
            Refused: ``read_only`` for what is no query, ``broken``, ``slow``, ``memory``.
        """
        try:
            cursor = self._connection.execute(query, params or ())
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise self._told(error) from error
        except MemoryError as error:
            raise Refused("memory", "") from error
        if cursor.description is None:
            raise Refused("read_only", "")
        return [(str(one[0]), "") for one in cursor.description], self._fetched(cursor)

    def _fetched(self, cursor: sqlite3.Cursor) -> Iterator[tuple[object, ...]]:
        try:
            yield from cursor
        except sqlite3.Error as error:
            raise self._told(error) from error
        except MemoryError as error:
            raise Refused("memory", "") from error

    def _is_late(self) -> int:
        return int(time.monotonic() > self._end)

    def _told(self, error: Exception) -> Refused:
        said = str(error)
        if "interrupted" in said:
            return Refused("slow", "")
        if "out of memory" in said or "too big" in said:
            return Refused("memory", "")
        if "not authorized" in said or "readonly" in said or "one statement" in said:
            return Refused("read_only", "")
        return Refused("broken", said)


def _authorized(action: int, first: str | None, *_: object) -> int:
    if action in _ALLOWED or (action == sqlite3.SQLITE_PRAGMA and first in _HARMLESS):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
