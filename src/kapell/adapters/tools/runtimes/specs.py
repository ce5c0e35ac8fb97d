"""What the runtimes say of themselves; nothing of them is offered to models or clients."""

from collections.abc import Mapping

from kapell.adapters.tools.schemas import STRING, object_of, text_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

LONGEST = 1_000_000
_COMMON: Mapping[str, Json] = {
    "agent": text_of("The agent's name.", minLength=1),
    "prompt": {"description": "What it is given: text, or what its object takes."},
    "instructions": text_of("What goes before the prompt."),
    "output": {"description": "The JSON Schema of the answer."},
    "timeout": {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "Seconds an answer may take.",
    },
    "repeatable": {"type": "boolean", "description": "Whether asking twice does no harm."},
}

RUNTIME_PYTHON = ToolSpec(
    name="runtime.python",
    description="Ask an object of another framework. What it costs is not known.",
    args=object_of(
        ["agent", "prompt", "entry"],
        **_COMMON,
        entry=text_of("`module:object`.", minLength=3, maxLength=500),
    ),
    effects="external",
    repeatable=False,
    repeatable_when={"repeatable": (True,)},
    folder=False,
    trust="untrusted",
    reaches=True,
    args_bytes=LONGEST,
)
RUNTIME_TMUX = ToolSpec(
    name="runtime.tmux",
    description="Ask a program in a terminal. What it costs is not known.",
    args=object_of(
        ["agent", "prompt", "command"],
        **{
            **_COMMON,
            "command": {"type": "array", "items": STRING, "minItems": 1},
            "ready": text_of("What the last line matches when the program waits."),
            "marker": text_of("What ends an answer."),
            "answer": text_of("What its last match is the answer."),
            "restart": {"enum": ["dead", "each", "never"]},
            "lines": {"enum": ["join", "keep"]},
            "size": {"type": "integer", "minimum": 1},
        },
    ),
    effects="external",
    # A call made again finds the session in which it was sent; it is not sent twice.
    repeatable=True,
    folder=False,
    trust="untrusted",
    reaches=True,
    args_bytes=LONGEST,
)
RUNTIME_SPECS: Mapping[str, ToolSpec] = {spec.name: spec for spec in (RUNTIME_PYTHON, RUNTIME_TMUX)}
"""The runtimes, by name: apart from the tools that authors and agents may name."""
