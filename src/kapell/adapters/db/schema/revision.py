"""The schema this release works with; a test holds it equal to the last migration."""

from kapell.adapters.db import faults

HEAD = "0001"
"""The revision of the last migration."""

VERSION_QUERY = "SELECT version_num FROM alembic_version"


def check(found: str) -> None:
    """Refuse to work on another schema than ours.

    Revisions are numbers of four digits, so that an unknown one can be told older or newer.

    Raises:
        Conflict: ``database_outdated`` or ``database_newer``.
    """
    if found != HEAD:
        raise faults.newer(found) if found > HEAD else faults.outdated(found)
