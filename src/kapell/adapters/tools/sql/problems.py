"""Why a query has no rows, said once and clearly."""

from kapell.adapters.tools.options import SqlOptions
from kapell.adapters.tools.strangers import quoted
from kapell.kit.errors import Denied, Invalid, KapellError, Missing, Unavailable


def neither() -> Invalid:
    """Return the error for a query over nothing, or over two kinds of things."""
    return Invalid(
        "sql.query needs either `tables` or `database`.",
        code="tool_arguments",
        advice="Name files as `tables:` (name and path), or a SQLite file as `database:`.",
    )


def unknown_format(name: str) -> Invalid:
    """Return the error for a file that is no table."""
    return Invalid(
        f"The file {name!r} is no table that is read here.",
        code="table_format",
        advice="Give a file that ends with .csv, .tsv, .json, .jsonl, .ndjson or .parquet.",
    )


def not_installed() -> Missing:
    """Return the error for a machine without the engine."""
    return Missing(
        "DuckDB, which asks files, is not installed.",
        code="sql_engine_missing",
        advice="Install it: pip install 'kapell[sql]'. SQLite files are asked without it.",
    )


def died(status: int | None) -> Unavailable:
    """Return the error for a process that ended without an answer."""
    return Unavailable(
        f"The process that asks the database ended with status {status} and no answer.",
        code="sql_failed",
        advice="Ask for less at a time, or give it more memory by the setting tools.sql.memory.",
    )


def refused(reason: str, detail: str, options: SqlOptions) -> KapellError:
    """Return what the child process refused."""
    if reason == "read_only":
        return Denied(
            "The query does more than read, or is more than one statement.",
            code="sql_read_only",
            advice="Give one SELECT (or EXPLAIN); files are named in `tables`, not in the query.",
        )
    if reason == "slow":
        return Invalid(
            f"The query took more than {options.timeout:g} s.",
            code="sql_too_slow",
            advice="Narrow it down, or raise the setting tools.sql.timeout.",
        )
    if reason == "memory":
        return Invalid(
            f"The query needs more than {options.memory:,} bytes of memory.",
            code="sql_too_much_memory",
            advice="Select fewer columns and rows, or raise the setting tools.sql.memory.",
        )
    if reason == "large":
        return Invalid(
            f"The rows have more than {options.result:,} bytes.",
            code="sql_too_large",
            advice="Select fewer columns and rows (`limit`), or raise the setting "
            "tools.sql.result.",
        )
    if reason == "file":
        return Invalid(
            f"A file cannot be read as a table: {_said(detail)}.",
            code="sql_file",
            advice="Check that the file is what its name says and that it is complete.",
        )
    return Invalid(
        f"The query cannot be answered: {_said(detail)}.",
        code="sql_broken",
        advice="Correct the query; `SELECT * FROM t LIMIT 5` shows what a table holds.",
    )


def _said(detail: str) -> str:
    return quoted(detail, 600, "the engine does not say why")
