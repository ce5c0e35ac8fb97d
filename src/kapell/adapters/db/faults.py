"""The failures of a store as errors of our tree, each with advice; shared by both databases."""

from kapell.kit.errors import Bug, Conflict, Denied, Invalid, KapellError, Missing, Unavailable


def full() -> KapellError:
    """Return the error of a disk without room."""
    return Unavailable(
        "The disk of the store is full.",
        code="store_full",
        advice="Free some space on its disk; runs go on by themselves.",
    )


def read_only() -> KapellError:
    """Return the error of a database that may not be written."""
    return Denied(
        "The store may only be read.",
        code="store_read_only",
        advice="Give the user write access to the database and its folder, or name another store.",
    )


def locked() -> KapellError:
    """Return the error of a lock somebody holds too long."""
    return Unavailable(
        "Another process holds the store locked.",
        code="store_locked",
        advice="Find the process that holds a transaction open (a shell, a frozen worker).",
    )


def broken(detail: str) -> KapellError:
    """Return the error of a file that is no database or a damaged one."""
    return Invalid(
        f"The store cannot be read: {detail}.",
        code="store_broken",
        advice="Restore it from a backup (`kapell db check` tells more), or name another file.",
    )


def unreachable(detail: str) -> KapellError:
    """Return the error of a database that does not answer or does not let us in."""
    return Unavailable(
        f"The store cannot be reached: {detail}.",
        code="store_unreachable",
        advice="Check host, port, database, user and password of the store's address.",
    )


def file_unreachable(detail: str) -> KapellError:
    """Return the error of a database file that cannot be opened or made."""
    return Unavailable(
        f"The file of the store cannot be opened: {detail}.",
        code="store_unreachable",
        advice="Check that its path names a file, that its folder is there and may be written.",
    )


def address_broken() -> KapellError:
    """Return the error of an address whose parts cannot be read."""
    return Invalid(
        "The address of the store cannot be read.",
        code="store_url",
        advice="Write postgresql://user@host:5432/database; the port is a number.",
    )


def lost_connection() -> KapellError:
    """Return the error of a connection that broke and did not come back in time."""
    return Unavailable(
        "The connection to the store broke.",
        code="store_lost",
        advice="Wait until the database is back; runs go on by themselves.",
    )


def failed(detail: str) -> KapellError:
    """Return the error of a store that fails in a way we have no better word for."""
    return Unavailable(
        f"The store failed: {detail}.",
        code="store_failed",
        advice="Look at the disk and the log of the database, then try again.",
    )


def refused(detail: str) -> KapellError:
    """Return the error of one decision whose data the store does not take."""
    return Invalid(
        f"The store refused the data of this decision: {detail}.",
        code="append_refused",
        advice="Report this with the run's export; other runs are not touched.",
    )


def outdated(found: str) -> KapellError:
    """Return the error of a schema older than this release, or none."""
    return Conflict(
        f"The database has schema {found or 'none'}, older than this release needs.",
        code="database_outdated",
        advice="Run `kapell db upgrade` (it is safe to make a backup first: `kapell db backup`).",
    )


def newer(found: str) -> KapellError:
    """Return the error of a schema newer than this release."""
    return Conflict(
        f"The database has schema {found}, newer than this release knows.",
        code="database_newer",
        advice="Update Kapell to the release that made it, or name another store.",
    )


def key_reused(key: str) -> KapellError:
    """Return the error of an idempotency key used for two things."""
    return Conflict(
        f"The key {key!r} has already started a run with other inputs or another version.",
        code="key_reused",
        advice="Use a new key for a new run, or repeat the first request unchanged.",
    )


def run_unknown(ref: str) -> KapellError:
    """Return the error of a run that is not there."""
    return Missing(
        f"There is no run {ref!r}.",
        code="run_unknown",
        advice="List the runs with `kapell runs list`.",
    )


def closed() -> KapellError:
    """Return the error of a store used before it is opened or after it is closed."""
    return Bug(
        "The store is not open.", code="store_closed", advice="Open it first, close it last."
    )


def version_unknown(version: str) -> KapellError:
    """Return the error of a compiled version that is not there."""
    return Missing(
        f"The store has no version {version!r}.",
        code="version_unknown",
        advice="Start the run anew from its workflow file.",
    )


def artifact_unknown(digest: str) -> KapellError:
    """Return the error of an artifact that is not there."""
    return Missing(
        f"The store has no artifact {digest!r}.",
        code="artifact_unknown",
        advice="Import the run again with its artifacts.",
    )


class Outrun(Conflict):
    """Somebody else was faster; whoever adds to a chain looks at its head again."""


def outrun() -> Outrun:
    """Return the error of a chain that has grown in between; it never leaves this room."""
    return Outrun("The record has grown in between.", code="audit_outrun", advice="Try again.")
