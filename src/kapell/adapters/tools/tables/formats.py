"""Which format a table has, and what separates its cells."""

import csv
from typing import Literal, TypeAlias, cast

from kapell.adapters.tools.tables.problems import unknown_format
from kapell.kit.json import Json

Format: TypeAlias = Literal["csv", "tsv", "jsonl"]

_ENDINGS: dict[str, Format] = {
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_REFUSED = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".json", ".feather", ".arrow"})
_CANDIDATES = ",;\t|"
_SAMPLE_ROWS = 20


def format_of(name: str, ending: str, asked: Json) -> Format:
    """Return the format by wish, else by the end of the name, else CSV.

    Raises:
        Invalid: ``table_format`` for spreadsheets and the like.
    """
    if asked is not None:
        return cast("Format", asked)
    if ending in _REFUSED:
        raise unknown_format(name)
    return _ENDINGS.get(ending, "csv")


def delimiter_of(sample: str, complete: bool) -> str:
    """Return the delimiter that cuts most rows of the sample into as many cells as the first.

    Args:
        sample: The beginning of the table.
        complete: Whether that is all of it; else the last line may be cut off.
    """
    lines = sample.splitlines(keepends=True)
    if not complete and len(lines) > 1:
        lines.pop()
    return max(_CANDIDATES, key=lambda candidate: _fitness(lines, candidate))


def _fitness(lines: list[str], delimiter: str) -> tuple[float, int]:
    lengths: list[int] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                lengths.append(len(row))
            if len(lengths) == _SAMPLE_ROWS:
                break
    except csv.Error:
        return (0.0, 0)
    if not lengths or lengths[0] < 2:
        return (0.0, 0)
    return (lengths.count(lengths[0]) / len(lengths), lengths[0])
