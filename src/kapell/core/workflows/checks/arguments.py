"""Checks the arguments of a tool as far as they are known before a run."""

from collections.abc import Mapping

from kapell.core.definitions.json_schema import broken
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.expressions import is_template
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Place
from kapell.kit.json import Json


def check_arguments(tool: ToolSpec, given: Node | None, called: Place, problems: Problems) -> None:
    """Note arguments the tool does not have, needs, or would refuse; templates are not judged."""
    schema = tool.args
    if not isinstance(schema, Mapping):
        return
    properties = schema.get("properties")
    known: Mapping[str, Json] = properties if isinstance(properties, Mapping) else {}
    entries = given.entries if given is not None else {}
    if schema.get("additionalProperties") is False:
        for name in entries:
            if name not in known:
                problems.error(
                    "argument_unknown",
                    f"The tool `{tool.name}` has no argument `{name}`.",
                    entries[name][0].place,
                    hint(name, known, "Its arguments") or "It takes no arguments.",
                )
    required = schema.get("required")
    for name in required if isinstance(required, list | tuple) else ():
        if name not in entries:
            problems.error(
                "argument_missing",
                f"The tool `{tool.name}` needs the argument `{name}`.",
                called,
                f"Add it under `with`: `{name}: ...`.",
            )
    for name, (_, value) in entries.items():
        if name in known and not any(is_template(text.text) for text in value.texts()):
            _value(tool, name, known[name], schema, value, problems)


def _value(
    tool: ToolSpec,
    name: str,
    wanted: Json,
    schema: Mapping[str, Json],
    value: Node,
    problems: Problems,
) -> None:
    if isinstance(wanted, Mapping) and "$defs" in schema:
        wanted = {**wanted, "$defs": schema["$defs"]}
    found = broken(wanted, value.plain())
    if found is not None:
        said, path = found
        problems.error(
            "argument_wrong",
            f"The tool `{tool.name}` does not take this as `{name}`: {said}.",
            value.at(path).place,
            f"`kapell tools show {tool.name}` tells what it takes.",
        )
