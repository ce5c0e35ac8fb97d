"""The tools ``table.read`` and ``table.write``."""

import os
from collections.abc import Mapping, Sequence
from typing import cast

from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.sources import source_of
from kapell.adapters.tools.files.tools import arguments, encoded, write_file
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.tables import problems
from kapell.adapters.tools.tables.formats import format_of
from kapell.adapters.tools.tables.reading import read_table, wish_of
from kapell.adapters.tools.tables.specs import TABLE_READ, TABLE_WRITE
from kapell.adapters.tools.tables.writing import columns_of, table_text
from kapell.adapters.tools.threads import Stop, in_thread
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult


class TableRead:
    """``table.read``: a file as columns and rows."""

    spec = TABLE_READ

    def __init__(self, options: ToolOptions) -> None:
        self._options = options

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return ``{columns, rows, count}``; a file that is too large is not opened for reading."""
        args = arguments(call)
        wish, limit = wish_of(args), self._options.table_bytes
        source = await source_of(call, blob, args["path"], limit, "tools.tables.bytes")
        try:
            table = await in_thread(lambda stop: read_table(source, wish, self._options, stop))
        except OSError as error:
            raise translated(error, source.name) from error
        finally:
            source.close()
        return ToolResult(output=table)


class TableWrite:
    """``table.write``: rows as a file of the run's folder."""

    spec = TABLE_WRITE

    def __init__(self, options: ToolOptions) -> None:
        self._options = options

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Write the table whole or not at all."""
        args = arguments(call)
        path, rows = str(args["path"]), _rows(args)
        if len(rows) > self._options.table_rows:
            raise problems.too_many_rows(path, self._options.table_rows)
        data = await in_thread(lambda stop: written_table(args, stop))
        limit = self._options.table_bytes
        return await write_file(call, path, data, limit, {"count": len(rows)})


def written_table(args: Mapping[str, Json], stop: Stop) -> bytes:
    """Return the bytes that ``table.write`` writes for its arguments.

    Raises:
        KapellError: the format is none, or a cell cannot be written.
    """
    path, rows = str(args["path"]), _rows(args)
    kind = format_of(path, os.path.splitext(path)[1].lower(), args.get("format"))
    delimiter = str(args.get("delimiter") or ("\t" if kind == "tsv" else ","))
    given = cast("Sequence[str] | None", args.get("columns"))
    return encoded(table_text(rows, given or columns_of(rows), kind, delimiter, stop))


def _rows(args: Mapping[str, Json]) -> Sequence[Mapping[str, Json]]:
    return cast("Sequence[Mapping[str, Json]]", args["rows"])
