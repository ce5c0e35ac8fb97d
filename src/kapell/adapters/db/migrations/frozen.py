"""The frozen SQL of the revisions: a migration never depends on tables as they are today.

As every revision is plain SQL, a new file gets its schema without Alembic's imports.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

_FOLDER = Path(__file__).parent / "sql"


def statements(revision: str, dialect: str) -> list[str]:
    """Return the statements of one revision for that database."""
    text = (_FOLDER / f"{revision}_{dialect}.sql").read_text(encoding="utf-8")
    return text.strip().split("\n-- next\n")


def everything(dialect: Literal["sqlite", "postgresql"]) -> Iterator[str]:
    """Yield the statements of all revisions in order, and the stamp of the last."""
    revision = ""
    for path in sorted(_FOLDER.glob(f"*_{dialect}.sql")):
        revision = path.name.partition("_")[0]
        yield from statements(revision, dialect)
    yield (
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    yield f"INSERT INTO alembic_version VALUES ('{revision}')"  # noqa: S608 - our own file name
