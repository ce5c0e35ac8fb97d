"""A real MCP server with honest and dishonest tools: ``mcp_server.py [stdio|http] [FLAG_FILE]``.

While the flag file exists, ``changing`` takes other arguments and ``leaving`` is not there.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ImageContent,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)

READS = ToolAnnotations(read_only_hint=True)
RESULT = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}


def _schema(**properties: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }


def _tool(name: str, reads: bool = True, returns: Any = None, **properties: str) -> Tool:
    return Tool(
        name=name,
        description=f"Test {name}.",
        input_schema=_schema(**properties),
        output_schema=returns,
        annotations=READS if reads else None,
    )


def _changed() -> bool:
    return len(sys.argv) > 2 and Path(sys.argv[2]).exists()


def tools() -> list[Tool]:
    """Return what is listed now."""
    found = [
        _tool("add", returns=RESULT, a="integer", b="integer"),
        _tool("say", text="string"),
        _tool("picture"),
        _tool("fail"),
        _tool("lie", returns=RESULT),
        _tool("die"),
        _tool("die_outside", reads=False),
        _tool("hang"),
        _tool("shout"),
        _tool("token"),
        _tool("twice"),
        _tool("twice"),
        _tool("broken", a="nonsense"),
        _tool("changing", other="string") if _changed() else _tool("changing", a="integer"),
    ]
    return found if _changed() else [*found, _tool("leaving")]


async def list_tools(ctx: object, params: object) -> ListToolsResult:
    """List the tools."""
    return ListToolsResult(tools=tools())


async def call_tool(ctx: object, params: CallToolRequestParams) -> CallToolResult:
    """Do what the name says."""
    args = params.arguments or {}
    if params.name.startswith("die"):
        os._exit(9)
    if params.name == "hang":
        await asyncio.Event().wait()
    if params.name == "add":
        return CallToolResult(content=[], structured_content={"sum": args["a"] + args["b"]})
    if params.name == "lie":
        return CallToolResult(content=[], structured_content={"sum": "many"})
    if params.name == "picture":
        image = ImageContent(data="aGk=", mime_type="image/png")
        return CallToolResult(content=[TextContent(text="see"), image])
    text = {
        "say": str(args.get("text")),
        "fail": "there is no such customer",
        "shout": "x" * 70_000_000 if params.name == "shout" else "",
        "token": os.environ.get("MCP_TOKEN", "none"),
    }.get(params.name, "fine")
    return CallToolResult(content=[TextContent(text=text)], is_error=params.name == "fail")


SERVER: Server[Any] = Server("test", on_list_tools=list_tools, on_call_tool=call_tool)


async def over_stdio() -> None:
    """Serve one client over standard input and output."""
    async with stdio_server() as (reading, writing):
        await SERVER.run(reading, writing, SERVER.create_initialization_options())


def over_http() -> None:
    """Serve over streamable HTTP on a free port, which is printed."""
    import uvicorn  # noqa: PLC0415 - a server over standard output starts sooner without

    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(SERVER.streamable_http_app(), log_level="error")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        over_http()
    else:
        asyncio.run(over_stdio())
