"""Files of the workspace's state, written whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(place: Path, data: bytes) -> None:
    """Put ``data`` in the place of what a file held; nobody ever reads half of it.

    Raises:
        OSError: When it cannot be written; the file is then as it was.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".good-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise
