"""Calls a tool through its door, in a run's folder on a real disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.python.abandoning import Threads
from kapell.adapters.tools.python.aside import Aside
from kapell.adapters.tools.python.function import ASIDE, FunctionTool
from kapell.adapters.tools.secrets import EnvironmentSecrets
from kapell.core.tools.declaring import declared
from kapell.kit.ids import LOCAL, RunId
from kapell.kit.json import Digest, Json
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.ports import Tool, ToolCall, ToolResult
from kapell.testing.tools.worlds import MemoryBlobs


def wrapped(function: Any, threads: Threads | None = None, aside: Aside = ASIDE) -> FunctionTool:
    """Return a declared function as a tool, what hangs counted by ``threads``."""
    found = declared(function)
    assert found is not None
    return FunctionTool(found.target, found.declaration, threads or Threads(), aside)


class Caller:
    """One run that calls tools; what they change in its folder is known to the next call."""

    def __init__(self, root: Path, *tools: Tool, environ: Mapping[str, str] | None = None) -> None:
        self.workspace = root / "ws"
        self.folder = root / "run"
        self.workspace.mkdir(exist_ok=True)
        self.blobs = MemoryBlobs()
        self.files: dict[str, Digest] = {}
        named = {tool.spec.name: tool for tool in tools}
        secrets = EnvironmentSecrets(environ or {})
        self.door = ToolExecutor(named, self.blobs, LocalRunFolder(), secrets=secrets)

    async def result(self, tool: str, args: Json, within: float | None = 30) -> ToolResult:
        """Call and take the changes over."""
        call = ToolCall(
            tenant_id=LOCAL,
            run_id=RunId("r1"),
            call="s#1/1",
            tool=tool,
            args=args,
            key="key-1",
            timeout=within,
            workspace=str(self.workspace),
            folder=str(self.folder),
            files=dict(self.files),
        )
        result = await self.door.call(call)
        self.blobs.items.update(result.blobs)
        for change in result.files:
            if change.digest is None:
                self.files.pop(change.path, None)
            else:
                self.files[change.path] = change.digest
        return result

    async def call(self, tool: str, **args: Json) -> Json:
        """Call and return the output."""
        return (await self.result(tool, args)).output
