"""A workspace and a run's folder on a real disk, with the built-in tools behind their door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.registry import builtin_tools
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL, RunId, TenantId
from kapell.kit.json import Digest, Json
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.ports import ToolCall, ToolResult
from kapell.testing.tools.worlds import MemoryBlobs


class KnownSecrets:
    """Secrets that a test sets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def get(self, tenant_id: TenantId, name: str) -> str | None:
        """Return a secret."""
        return self._secrets.get(name)

    def advice(self, name: str) -> str:
        """Return how to set it."""
        return f"Set {name} in the test."


@dataclass
class World:
    """One run: calls fold its manifest as the log would."""

    workspace: Path
    folder: Path
    options: ToolOptions = field(default_factory=ToolOptions)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    files: dict[str, Digest] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.door = self.new_process()

    def new_process(self) -> ToolExecutor:
        """Return a door that remembers nothing of the folder."""
        tools, folder = builtin_tools(self.options), LocalRunFolder()
        known = KnownSecrets(self.secrets)
        self.door = ToolExecutor(tools, self.blobs, folder, secrets=known)
        return self.door

    def request(self, tool: str, args: Json, files: Mapping[str, Digest] | None = None) -> ToolCall:
        """Return a call with the manifest of now."""
        return ToolCall(
            tenant_id=LOCAL,
            run_id=RunId("r1"),
            call="s#1/1",
            tool=tool,
            args=args,
            key="key-1",
            timeout=30,
            workspace=str(self.workspace),
            folder=str(self.folder),
            files=self.files if files is None else files,
        )

    async def result(self, tool: str, args: Json) -> ToolResult:
        """Call and take the changes over."""
        result = await self.door.call(self.request(tool, args))
        self.blobs.items.update(result.blobs)
        for change in result.files:
            if change.digest is None:
                self.files.pop(change.path, None)
            else:
                self.files[change.path] = change.digest
        return result

    async def call(self, tool: str, **args: Json) -> dict[str, Json]:
        """Call and return the output."""
        output = (await self.result(tool, args)).output
        assert isinstance(output, dict)
        return output

    async def refused(self, tool: str, **args: Json) -> KapellError:
        """Call, expect an error of ours that says what to do and hides where we live."""
        with pytest.raises(KapellError) as caught:
            await self.result(tool, args)
        error = caught.value
        assert error.code
        assert error.advice
        assert str(self.workspace.parent) not in str(error)
        return error

    def on_disk(self) -> dict[str, bytes]:
        """Return every file of the run's folder."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }
