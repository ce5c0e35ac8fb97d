"""What can be wrong with a table, said once and clearly."""

from kapell.kit.errors import Invalid


def malformed(name: str, line: int, why: str) -> Invalid:
    """Return the error for a row that is no row of a table."""
    return Invalid(
        f"The table {name!r} is broken at line {line}: {why}.",
        code="table_malformed",
        advice="Put cells that hold the delimiter, quotes or line breaks into double quotes, "
        "and double the quotes inside.",
    )


def ragged(name: str, line: int, cells: int, columns: int) -> Invalid:
    """Return the error for a row of the wrong length."""
    advice = "Quote cells that hold the delimiter, or name the right one with `delimiter:`."
    if cells < columns:
        advice = "Complete the row, or say `ragged: fill` to leave missing cells empty."
    return Invalid(
        f"Line {line} of {name!r} has {cells} cells where the table has {columns} columns.",
        code="table_ragged",
        advice=advice,
    )


def header(name: str, why: str) -> Invalid:
    """Return the error for names of columns that cannot be used."""
    return Invalid(
        f"The columns of {name!r} cannot be named: {why}.",
        code="table_header",
        advice="Give each column a name of its own in the first row, or list names in `columns:`"
        " (with `header: false` when the first row is data).",
    )


def empty(name: str) -> Invalid:
    """Return the error for a file without a single row."""
    return Invalid(
        f"The table {name!r} is empty: not even a header.",
        code="table_empty",
        advice="Check that the right file was given and that it was written completely.",
    )


def too_many_rows(name: str, limit: int) -> Invalid:
    """Return the error for more rows than are read."""
    return Invalid(
        f"The table {name!r} has more than {limit:,} rows.",
        code="table_too_long",
        advice="Split the file, or raise the setting tools.tables.rows.",
    )


def too_large(name: str, limit: int) -> Invalid:
    """Return the error for a table that would be too large as a result."""
    return Invalid(
        f"The table {name!r} would be larger than {limit:,} bytes as JSON.",
        code="table_too_large",
        advice="Leave out columns that are not needed, shorten their names, or split the file.",
    )


def unknown_format(name: str) -> Invalid:
    """Return the error for a kind of table that is not read."""
    return Invalid(
        f"The table {name!r} has a format that is not read here.",
        code="table_format",
        advice="Save it as CSV, TSV or JSON lines, or say `format:` if it is one of them.",
    )
