"""The tools of a workspace that are not built in, ready to be called."""

import os
from collections.abc import Mapping
from pathlib import Path

from kapell.adapters.tools.discovery.modules import ModuleTool
from kapell.adapters.tools.mcp.servers import LateMcpTool, McpServers
from kapell.adapters.tools.openapi.tools import OpenApiTool
from kapell.adapters.tools.options import ToolOptions
from kapell.bootstrap.catalogue import Catalogue, Entry
from kapell.services.tools.ports import Tool


class OwnTools:
    """Tools by name; close them when nobody calls them any more.

    Args:
        catalogue: What was found.
        root: The workspace.
        options: What requests may reach.
    """

    def __init__(self, catalogue: Catalogue, root: Path, options: ToolOptions) -> None:
        self._options = options
        self._servers = McpServers(str(root), os.environ)
        self.tools: Mapping[str, Tool] = {
            name: self._tool(entry) for name, entry in catalogue.entries.items()
        }

    def _tool(self, entry: Entry) -> Tool:
        source, spec, detail = entry.source, entry.found.spec, entry.found.detail
        if source.mcp is not None and isinstance(detail, Mapping):
            return LateMcpTool(spec, source.name, str(detail["tool"]), source.mcp, self._servers)
        if source.openapi is not None:
            return OpenApiTool(spec, detail, self._options)
        return ModuleTool(spec, source.path)

    async def close(self) -> None:
        """Let go of servers and connections."""
        await self._servers.close()
