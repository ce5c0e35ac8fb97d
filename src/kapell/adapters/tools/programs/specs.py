"""What the tools that run programs say of themselves."""

from collections.abc import Mapping

from kapell.adapters.tools.schemas import STRING, object_of, text_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

LONGEST = 200_000
_TIMEOUT: Json = {
    "type": "number",
    "exclusiveMinimum": 0,
    "maximum": 86_400,
    "description": "Seconds it may take; 30 when not given.",
}
_TEXTS: Json = {"type": "array", "items": STRING}
_REPORT: Mapping[str, Json] = {
    "ok": {"type": "boolean"},
    "exit": {"type": "integer"},
    "stdout": STRING,
    "stderr": STRING,
    "limit": {"enum": [None, "time", "memory", "processes", "output", "disk"]},
    "files": _TEXTS,
    "removed": _TEXTS,
    "left_out": _TEXTS,
    "backend": STRING,
    "seconds": {"type": "number"},
}

CODE_RUN = ToolSpec(
    name="code.run",
    description=(
        "Run a small program in a sandbox: no network, nothing of this machine, limits on all. "
        "It sees `input` and the run's folder; the value of its last expression is the result."
    ),
    args=object_of(
        ["language", "source"],
        language={"enum": ["python", "javascript", "sql"]},
        source=text_of("The program.", minLength=1, maxLength=LONGEST),
        input={"description": "A JSON value that the program sees as `input`."},
        packages={
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 100},
            "maxItems": 50,
            "description": "Packages it imports; they must be installed and allowed.",
        },
        timeout=_TIMEOUT,
        returns={
            "enum": ["report", "result"],
            "description": "`report` (when not given) tells all, a failure too; `result` gives "
            "the value alone, and a failure of the program fails the call.",
        },
    ),
    effects="write",
    trust="untrusted",
    sees="folder",
)
SHELL_RUN = ToolSpec(
    name="shell.run",
    description=(
        "Run a command line in a sandbox, in the run's folder: no network, nothing of this machine "
        "but its programs, limits on all. What it writes is kept, unless a limit ends it."
    ),
    args=object_of(
        ["command"],
        command=text_of("A command line for /bin/sh.", minLength=1, maxLength=LONGEST),
        timeout=_TIMEOUT,
        check={
            "type": "boolean",
            "description": "Whether an exit other than 0 fails the call; false when not given.",
        },
    ),
    returns=object_of(list(_REPORT), **_REPORT),
    effects="write",
    trust="untrusted",
    sees="folder",
)
