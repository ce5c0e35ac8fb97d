"""Agent files of other programs: what their words mean here.

Claude Code's sub-agents are Markdown like ours; their tools, models and some keys have names of
their own.
"""

import re
from collections.abc import Iterable

from kapell.core.agents.delegation import PREFIX

LIKE = {
    "Read": "file.read",
    "Write": "file.write",
    "Edit": "file.write",
    "MultiEdit": "file.write",
    "Bash": "shell.run",
    "Grep": "file.search",
    "Glob": "file.list",
    "LS": "file.list",
    "WebFetch": "web.fetch",
    "WebSearch": "web.search",
}
"""Tools of other programs' agent files, and ours that do the like."""

DELEGATES = frozenset(("Task", "Agent"))
"""Their tools that call other agents."""

MODELS = {"haiku": "cheap", "sonnet": "strong", "opus": "strong"}
"""Their names of models, and the route that is meant where none has that name."""

READ_ONLY = (
    "file.read",
    "file.list",
    "file.search",
    "table.read",
    "json.query",
    "text.*",
    "time.now",
)
"""What such a file may use that names no tools: reading only, as far as the tools are there."""

_MARKS = frozenset(
    ("color", "permissionMode", "disallowedTools", "maxTurns", "mcpServers", "hooks", "isolation")
)
_SPECIFIED = re.compile(r"(?P<name>[A-Za-z_]\w*)\((?P<pattern>.*)\)", re.DOTALL)


def split(tools: str) -> list[str]:
    """Return the tools of a comma list; a comma inside parentheses parts nothing."""
    found, depth = [""], 0
    for character in tools:
        depth += (character == "(") - (character == ")" and depth > 0)
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return found


def ours(name: str) -> str:
    """Return our tool that does the like; others keep their names."""
    specified = _SPECIFIED.fullmatch(name)
    bare = specified["name"] if specified else name
    if bare in DELEGATES and specified:
        return f"{PREFIX}{specified['pattern'].strip()}"
    return LIKE.get(bare, name if not specified else bare)


def restricted(name: str) -> str:
    """Return the pattern a tool is restricted to (``Bash(git diff:*)``), "" for none."""
    specified = _SPECIFIED.fullmatch(name)
    if specified is None or specified["name"] in DELEGATES:
        return ""
    return specified["pattern"]


def borrowed(keys: Iterable[str], model: str | None) -> bool:
    """Tell whether a file was written for another program, by its keys and its model."""
    return model in (*MODELS, "inherit") or bool(_MARKS & set(keys))
