"""What the tools for files say of themselves."""

from kapell.adapters.tools.schemas import (
    COUNT,
    ENCODING,
    READ_PATH,
    STRING,
    WRITE_PATH,
    list_of,
    object_of,
    text_of,
    whole_of,
)
from kapell.core.tools.paths import PATH_MARK
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

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

_WHERE: Json = {"enum": ["run", "workspace"]}
_FOLDER = text_of(
    "A folder of the run or the workspace; all of both if not given.",
    minLength=1,
    **{PATH_MARK: True},
)
_PATTERN = text_of(
    "Which files, such as `*.md` or `src/**/*.py`; all if not given.", minLength=1, maxLength=200
)

FILE_LIST = ToolSpec(
    name="file.list",
    description="List files of the run's folder and of the workspace, hidden ones left out.",
    args=object_of(
        [],
        folder=_FOLDER,
        pattern=_PATTERN,
        limit=whole_of("Files at most; 500 if not given.", 1, 10_000),
    ),
    returns=object_of(
        ["files", "count", "more"],
        files=list_of(
            object_of(
                ["path", "size", "where"],
                path=STRING,
                size=COUNT,
                where=_WHERE,
            ),
            10_000,
        ),
        count=COUNT,
        more={"type": "boolean"},
    ),
)
FILE_SEARCH = ToolSpec(
    name="file.search",
    description="Find lines in the text files of the run's folder and of the workspace.",
    args=object_of(
        ["find"],
        find=text_of("What to look for.", minLength=1, maxLength=1000),
        regex={"type": "boolean", "description": "Whether it is a regular expression (RE2)."},
        ignore_case={"type": "boolean", "description": "Whether case makes no difference."},
        folder=_FOLDER,
        pattern=_PATTERN,
        limit=whole_of("Lines at most; 100 if not given.", 1, 10_000),
    ),
    returns=object_of(
        ["matches", "count", "searched", "more"],
        matches=list_of(
            object_of(["path", "line", "text"], path=STRING, line=COUNT, text=STRING), 10_000
        ),
        count=COUNT,
        searched=COUNT,
        more={"type": "boolean"},
    ),
)
