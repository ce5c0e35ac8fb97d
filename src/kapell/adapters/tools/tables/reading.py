"""A stream of text as a table, row by row, within limits."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from kapell.adapters.tools.files.sources import Source
from kapell.adapters.tools.files.text import HEAD, not_decodable, not_text, opened_text
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.tables import problems
from kapell.adapters.tools.tables.formats import delimiter_of, format_of
from kapell.adapters.tools.threads import Stop
from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode

_LOOK_EVERY = 1024
_FRAME = 6  # quotes, colon and comma around a name and a cell


class _Reader(Protocol):
    """What the standard library's CSV reader offers; its own type is private."""

    line_num: int

    def __next__(self) -> list[str]: ...


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How the author wants the table read."""

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    ragged: str = "fail"


def read_table(source: Source, wish: Wish, options: ToolOptions, stop: Stop) -> Json:
    """Return ``{columns, rows, count}``.

    Raises:
        Invalid: what is wrong with the file, its text or the table.
        OSError: whatever the system says.
    """
    kind = format_of(source.name, source.ending, wish.format)
    with opened_text(source, wish.encoding) as stream:
        lines = _Lines(stream, source.name)
        table = _Table(source.name, options, stop)
        try:
            if kind == "jsonl":
                return table.of_objects(lines)
            delimiter = wish.delimiter or ("\t" if kind == "tsv" else lines.delimiter())
            return table.of_cells(lines, delimiter, wish)
        except UnicodeError as error:
            raise not_decodable(source.name, stream.encoding, lines.number) from error


class _Lines:
    """The lines of a text, counted, with the first ones looked at before they are given out."""

    def __init__(self, stream: io.TextIOWrapper, name: str) -> None:
        self._stream = stream
        self._name = name
        self._ahead: list[str] = []
        self.number = 0

    def delimiter(self) -> str:
        """Return the delimiter found in the first lines."""
        length = 0
        for line in self._stream:
            self._ahead.append(line)
            length += len(line)
            if length >= HEAD or len(self._ahead) > 100:
                return delimiter_of("".join(self._ahead), complete=False)
        return delimiter_of("".join(self._ahead), complete=True)

    def __iter__(self) -> Iterator[str]:
        for lines in (self._ahead, self._stream):
            for line in lines:
                if "\x00" in line:
                    raise not_text(self._name, f"line {self.number + 1} holds a NUL character")
                self.number += 1
                yield line


class _Table:
    """Collects rows while they fit."""

    def __init__(self, name: str, options: ToolOptions, stop: Stop) -> None:
        self._name = name
        self._options = options
        self._stop = stop
        self._size = 0
        self.rows: list[dict[str, Json]] = []

    def of_cells(self, lines: _Lines, delimiter: str, wish: Wish) -> Json:
        """Return a table of delimited cells; all of them stay text."""
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        columns: Sequence[str] | None = None
        names = 0
        for cells in self._checked(reader):
            if columns is None:
                columns = self._columns(cells, wish)
                names = sum(len(column) + _FRAME for column in columns)
                if wish.header:
                    continue
            if len(cells) != len(columns):
                if len(cells) > len(columns) or wish.ragged != "fill":
                    raise problems.ragged(self._name, reader.line_num, len(cells), len(columns))
                cells += [""] * (len(columns) - len(cells))
            self._add(dict(zip(columns, cells, strict=True)), names + sum(map(len, cells)))
        if columns is None:
            raise problems.empty(self._name)
        return {"columns": list(columns), "rows": self.rows, "count": len(self.rows)}

    def of_objects(self, lines: _Lines) -> Json:
        """Return a table of JSON lines; a key that a line lacks is null there."""
        columns: dict[str, None] = {}
        for line in lines:
            if not line.strip():
                continue
            try:
                value = decode(line)
            except Invalid as error:
                raise problems.malformed(self._name, lines.number, "it is not JSON") from error
            if not isinstance(value, dict):
                raise problems.malformed(self._name, lines.number, "it is not a JSON object")
            columns.update(dict.fromkeys(value))
            self._add(value, len(line))
        if not columns and not self.rows:
            raise problems.empty(self._name)
        for row in self.rows:
            if len(row) < len(columns):
                for column in columns:
                    row.setdefault(column, None)
        return {"columns": list(columns), "rows": self.rows, "count": len(self.rows)}

    def _checked(self, reader: "_Reader") -> Iterator[list[str]]:
        """Yield rows that are not blank."""
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise problems.malformed(self._name, start, str(error)) from error
            if cells is None:
                return
            if cells:
                yield cells

    def _columns(self, cells: list[str], wish: Wish) -> Sequence[str]:
        names = list(wish.columns) or (
            [cell.strip() for cell in cells]
            if wish.header
            else [f"c{number}" for number in range(1, len(cells) + 1)]
        )
        if len(names) != len(cells):
            why = f"`columns:` has {len(names)} names and the table {len(cells)} columns"
            raise problems.header(self._name, why)
        for number, name in enumerate(names, 1):
            if not name:
                raise problems.header(self._name, f"column {number} has no name")
            if name in names[: number - 1]:
                raise problems.header(self._name, f"the name {name!r} stands there twice")
        return names

    def _add(self, row: dict[str, Json], size: int) -> None:
        if len(self.rows) % _LOOK_EVERY == 0:
            self._stop.check()
        if len(self.rows) >= self._options.table_rows:
            raise problems.too_many_rows(self._name, self._options.table_rows)
        self._size += size
        if self._size > self._options.table_result:
            raise problems.too_large(self._name, self._options.table_result)
        self.rows.append(row)


def wish_of(args: Mapping[str, Json]) -> Wish:
    """Return the arguments that say how to read."""
    known = {key: args[key] for key in Wish.__struct_fields__ if args.get(key) is not None}
    return msgspec.convert(known, Wish)
