"""What an MCP server lists, as descriptions of tools."""

import os
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from mcp_types import Tool

from kapell.adapters.tools.mcp.connection import Connection
from kapell.adapters.tools.sources import Found, FoundTool, McpServer, Source
from kapell.adapters.tools.strangers import quoted
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

_LONGEST_TEXT = 4_000
"""Characters of a description that are shown to models: strangers write them."""


async def listed(root: str, source: Source) -> Found:
    """Return the tools of a server, asked once and left again.

    Raises:
        KapellError: it cannot be reached.
    """
    server = source.mcp or McpServer()
    connection = Connection(source.name, server, root, os.environ)
    try:
        tools = await connection.tools()
        return found_of(source.name, server, tools, connection.repeated)
    finally:
        await connection.close()


def found_of(
    name: str, server: McpServer, tools: Mapping[str, Tool], repeated: tuple[str, ...] = ()
) -> Found:
    """Return what a server's listing means here."""
    notes = [f"tools.mcp.{name} lists `{one}` twice: the first counts." for one in repeated]
    allowed = set(server.allow)
    notes += [
        f"tools.mcp.{name} has no tool `{one}`, which `allow` names."
        for one in sorted(allowed - set(tools))
    ]
    found = []
    for tool in tools.values():
        if allowed and tool.name not in allowed:
            continue
        wrong = _wrong_schema(tool)
        if wrong is None:
            found.append(FoundTool(spec=spec_of(name, tool), detail={"tool": tool.name}))
        else:
            notes.append(f"tools.mcp.{name}: `{tool.name}` is left out: {wrong}")
    return Found(tools=tuple(found), notes=tuple(notes))


def spec_of(server: str, tool: Tool) -> ToolSpec:
    """Return a server's tool as data; what it returns is never trusted.

    What it says of its own effects is believed as far as a hint can be: whoever named the server in
    the settings let it in.
    """
    hints = tool.annotations
    reads = bool(hints and hints.read_only_hint)
    text = tool.description or tool.title or tool.name.replace("_", " ")
    return ToolSpec(
        name=f"{server}.{tool.name}",
        description=text[:_LONGEST_TEXT].strip(),
        args=closed(tool.input_schema),
        returns=tool.output_schema,
        effects="read" if reads else "external",
        repeatable=reads or bool(hints and hints.idempotent_hint),
        trust="untrusted",
        reaches=True,
        folder=False,
    )


def closed(schema: Mapping[str, Any]) -> Json:
    """Return a schema that refuses names it does not list, unless it says that it takes them."""
    open_ended = ("additionalProperties", "patternProperties", "unevaluatedProperties", "$ref")
    combined = ("allOf", "anyOf", "oneOf")
    if any(keyword in schema for keyword in (*open_ended, *combined)):
        return dict(schema)
    return {"properties": {}, **schema, "additionalProperties": False}


def _wrong_schema(tool: Tool) -> str | None:
    for schema in (tool.input_schema, tool.output_schema):
        try:
            if schema is not None:
                jsonschema_rs.validator_for(schema, offline=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            return f"it has no usable JSON Schema ({quoted(str(error))})."
    return None
