"""What the tools for files say of themselves."""

from kapell.adapters.tools.schemas import (
    COUNT,
    ENCODING,
    READ_PATH,
    STRING,
    WRITE_PATH,
    object_of,
    text_of,
)
from kapell.core.tools.paths import PATH_MARK
from kapell.core.tools.spec import ToolSpec

FILE_READ = ToolSpec(
    name="file.read",
    description="Read a text file.",
    args=object_of(["path"], path=READ_PATH, encoding=ENCODING),
    returns=object_of(["path", "text", "size"], path=STRING, text=STRING, size=COUNT),
)
FILE_WRITE = ToolSpec(
    name="file.write",
    description="Write a text file into the run's folder, in place of one that is there.",
    args=object_of(["path", "text"], path=WRITE_PATH, text=text_of("What the file shall hold.")),
    returns=object_of(["path", "size"], path=STRING, size=COUNT),
    effects="write",
)
FILE_DELETE = ToolSpec(
    name="file.delete",
    description="Remove a file from the run's folder; one that is not there is no error.",
    args=object_of(
        ["path"], path=text_of("Where in the run's folder.", minLength=1, **{PATH_MARK: True})
    ),
    returns=object_of(["path", "deleted"], path=STRING, deleted={"type": "boolean"}),
    effects="write",
)
