"""The MCP servers of a workspace. Light: the SDK is loaded when a tool is called at last."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kapell.adapters.tools.sources import McpServer
from kapell.core.tools.spec import ToolSpec
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

if TYPE_CHECKING:
    from kapell.adapters.tools.mcp.connection import Connection
    from kapell.adapters.tools.mcp.tools import McpTool


class McpServers:
    """Connections by the names of servers.

    Args:
        root: The workspace.
        environ: Where ``${NAME}`` in the settings comes from.
    """

    def __init__(self, root: str, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ
        self._loading = asyncio.Lock()
        self._connections: dict[str, Connection] = {}

    async def tool(self, spec: ToolSpec, name: str, tool: str, server: McpServer) -> "McpTool":
        """Return a tool of a server; those of one server share a connection."""
        async with self._loading:
            connect, make = await asyncio.to_thread(_sdk)
            known = self._connections.get(name)
            if known is None:
                known = connect(name, server, self._root, self._environ)
                self._connections[name] = known
            return make(spec, tool, known)

    async def close(self) -> None:
        """End all connections."""
        connections = list(self._connections.values())
        self._connections.clear()
        await asyncio.gather(*(one.close() for one in connections))


def _sdk() -> "tuple[type[Connection], type[McpTool]]":
    """Load the SDK, which takes a second, off the event loop."""
    from kapell.adapters.tools.mcp.connection import Connection  # noqa: PLC0415 - heavy
    from kapell.adapters.tools.mcp.tools import McpTool  # noqa: PLC0415 - heavy

    return Connection, McpTool


class LateMcpTool:
    """A tool of a server, known by its description until it is called.

    Args:
        spec: What the server said of it when it was last asked.
        name: What the settings call the server.
        tool: Its name there.
        server: How the server is reached.
        servers: The connections of the workspace.
    """

    def __init__(
        self, spec: ToolSpec, name: str, tool: str, server: McpServer, servers: McpServers
    ) -> None:
        self.spec = spec
        self._where = (name, tool, server)
        self._servers = servers
        self._tool: McpTool | None = None

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Call it."""
        if self._tool is None:
            self._tool = await self._servers.tool(self.spec, *self._where)
        return await self._tool.call(call, blob)
