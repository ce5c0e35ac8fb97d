"""What a tool is to the services."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from kapell.core.events.tool import FileChange
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest, Json


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request to use a tool.

    ``key`` is the idempotency key, the same when the call is repeated after a crash. ``workspace``
    and ``folder`` are absolute paths: definitions that may be read, and the run's own folder.
    ``files`` is what the run's folder must hold before the call (path to digest).
    """

    tenant_id: TenantId
    run_id: RunId
    call: str
    tool: str
    args: Json
    key: str
    timeout: float | None
    workspace: str
    folder: str
    files: Mapping[str, Digest] = {}


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: the output, what changed in the run's folder, and the changed files' bytes."""

    output: Json
    files: tuple[FileChange, ...] = ()
    blobs: Mapping[Digest, bytes] = {}


class Tool(Protocol):
    """A function with a schema."""

    @property
    def spec(self) -> ToolSpec:
        """Return what the tool says of itself."""
        ...

    async def call(
        self, call: ToolCall, blob: Callable[[Digest], Awaitable[bytes]]
    ) -> ToolResult:
        """Do the work; ``blob`` fetches an artifact.

        Raises:
            KapellError: what went wrong; anything else is reported as a bug of the tool.
        """
        ...


class UnknownOutcome(Exception):  # noqa: N818 - a statement about the world, not an error of ours
    """The call may have taken effect although it failed; the cause says how it failed."""
