"""The tools of a workspace that are not built in, ready to be called."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from kapell.adapters.tools.python.modules import ModuleTool
from kapell.bootstrap.catalogue import Catalogue, Entry
from kapell.services.tools.ports import Tool


class OwnTools:
    """Tools by name, and what has to be closed when nobody calls them any more.

    Args:
        catalogue: What was found.
        root: The workspace.
    """

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self._root = root
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self.tools: Mapping[str, Tool] = {
            name: self._tool(entry) for name, entry in catalogue.entries.items()
        }

    def _tool(self, entry: Entry) -> Tool:
        return ModuleTool(entry.found.spec, entry.source.path)

    async def close(self) -> None:
        """Let go of servers and connections."""
        while self._closing:
            await self._closing.pop()()
