"""What calls of our own tools make of a file of the run's folder, before they are made."""

from collections.abc import Mapping

from kapell.adapters.tools.files.paths import below, parts_of
from kapell.adapters.tools.files.specs import FILE_DELETE, FILE_WRITE
from kapell.adapters.tools.files.tools import encoded
from kapell.adapters.tools.tables.specs import TABLE_WRITE
from kapell.adapters.tools.tables.tools import written_table
from kapell.adapters.tools.threads import in_thread
from kapell.kit.json import Json
from kapell.services.approvals.changes import Becoming


async def foreseen(folder: str, tool: str, args: Json) -> Becoming | None:
    """Return what a call makes of a file; None of a tool whose work is known to itself alone.

    Args:
        folder: The run's folder.
        tool: The tool's name.
        args: Its arguments, as its schema wants them.

    Raises:
        KapellError: the call would fail: its path leads elsewhere, its text cannot be written.
    """
    if tool not in (FILE_WRITE.name, FILE_DELETE.name, TABLE_WRITE.name):
        return None
    if not isinstance(args, Mapping) or not isinstance(args.get("path"), str):
        return None
    given = str(args["path"])
    path = "/".join(parts_of(below(given, folder) or given))
    if tool == FILE_DELETE.name:
        return Becoming(path, None)
    if tool == FILE_WRITE.name:
        return Becoming(path, encoded(str(args.get("text", ""))))
    return Becoming(path, await in_thread(lambda stop: written_table(args, stop)))
