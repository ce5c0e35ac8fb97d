"""The tool ``sql.query``."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping

from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.sources import Source, source_of
from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.options import SqlOptions
from kapell.adapters.tools.sql import problems
from kapell.adapters.tools.sql.process import answered
from kapell.adapters.tools.sql.specs import SQL_QUERY
from kapell.adapters.tools.threads import in_thread
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_DATABASE = "database.sqlite"


class SqlQuery:
    """``sql.query``: copies of the files, a locked engine, rows as JSON."""

    spec = SQL_QUERY

    def __init__(self, options: SqlOptions) -> None:
        self._options = options

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return ``{columns, rows, count, more}``.

        Raises:
            Denied: ``sql_read_only``.
            Invalid: ``sql_broken``, ``sql_file``, ``sql_too_slow``, ``sql_too_large``,
                ``sql_too_much_memory``, ``table_format``, ``file_too_large``.
            Missing: ``sql_engine_missing``.
            Unavailable: ``sql_failed``.
        """
        args = arguments(call)
        tables = args.get("tables")
        if (tables is None) == (args.get("database") is None):
            raise problems.neither()
        if tables is not None and importlib.util.find_spec("duckdb") is None:
            raise problems.not_installed()
        folder = await in_thread(lambda _: _folder(), _removed)
        try:
            asked = await self._asked(call, blob, folder)
            answer = await answered(asked, folder, self._options)
        finally:
            await in_thread(lambda _: _removed(folder))
        return ToolResult(output=self._output(answer, folder))

    async def _asked(self, call: ToolCall, blob: FetchBlob, folder: str) -> Mapping[str, Json]:
        args, options = arguments(call), self._options
        limit = args.get("limit")
        asked: dict[str, Json] = {
            "query": args["query"],
            "params": args.get("params"),
            "limit": limit if isinstance(limit, int) else 1000,
            "memory": options.memory,
            "seconds": options.timeout,
            "bytes": options.result,
            "folder": folder,
        }
        tables = args.get("tables")
        if not isinstance(tables, Mapping):
            await self._copied(call, blob, args["database"], os.path.join(folder, _DATABASE), True)
            return {**asked, "engine": "sqlite", "database": _DATABASE}
        left, listed = options.bytes, []
        for name, path in tables.items():
            kind = _format(path)
            file = f"{name}.{kind}"
            left -= await self._copied(call, blob, path, os.path.join(folder, file), False, left)
            listed.append({"name": name, "file": file, "format": kind})
        return {**asked, "engine": "duckdb", "tables": listed}

    async def _copied(
        self,
        call: ToolCall,
        blob: FetchBlob,
        path: Json,
        target: str,
        database: bool,
        left: int | None = None,
    ) -> int:
        """Copy a file into the private folder and return its size."""
        limit = self._options.bytes if left is None else left
        source = await source_of(call, blob, path, limit, "tools.sql.bytes")
        try:
            await in_thread(lambda _: _copy(source, target, database))
        except OSError as error:
            raise translated(error, source.name) from error
        finally:
            source.close()
        return source.size

    def _output(self, answer: Json, folder: str) -> Json:
        told = answer if isinstance(answer, Mapping) else {}
        reason = told.get("refused")
        if reason is not None:
            detail = str(told.get("detail")).replace(folder + "/", "")
            raise problems.refused(str(reason), detail, self._options)
        columns, rows = told.get("columns"), told.get("rows")
        if not isinstance(columns, list) or not isinstance(rows, list):
            raise problems.died(0)
        names = [str(column["name"]) for column in columns if isinstance(column, Mapping)]
        named: list[Json] = [
            dict(zip(names, row, strict=True)) for row in rows if isinstance(row, list)
        ]
        return {"columns": columns, "rows": named, "count": len(named), "more": told.get("more")}


def _format(path: Json) -> str:
    name = str(path.get("name") or "") if isinstance(path, Mapping) else str(path)
    kind = _FORMATS.get(os.path.splitext(name)[1].lower())
    if kind is None:
        raise problems.unknown_format(name)
    return kind


def _copy(source: Source, target: str, database: bool) -> None:
    with open(target, "wb") as stream:
        shutil.copyfileobj(source.stream, stream, 1 << 20)
        if database:
            # A file that was written with a log beside it says so in two bytes; the copy has none.
            stream.flush()
            _without_log(stream.fileno(), target)


def _without_log(descriptor: int, target: str) -> None:
    with open(target, "rb") as stream:
        head = stream.read(20)
    if head.startswith(b"SQLite format 3\x00") and head[18:20] == b"\x02\x02":
        os.pwrite(descriptor, b"\x01\x01", 18)


def _folder() -> str:
    """Return a new private folder by the path it has in the end: engines compare paths as text."""
    return os.path.realpath(tempfile.mkdtemp(prefix="kapell-sql-"))


def _removed(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
