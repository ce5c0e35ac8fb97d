"""What a tool is to the services."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

import msgspec

from kapell.core.events.tool import FileChange
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest, Json

FetchBlob: TypeAlias = Callable[[Digest], Awaitable[bytes]]
"""Fetches the bytes of an artifact."""


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
    """What came back: output, changes in the run's folder, and the bytes of the changed files."""

    output: Json
    files: tuple[FileChange, ...] = ()
    blobs: Mapping[Digest, bytes] = {}


class Tool(Protocol):
    """A function with a schema."""

    @property
    def spec(self) -> ToolSpec:
        """Return what the tool says of itself."""
        ...

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Do the work; ``blob`` fetches an artifact.

        Raises:
            KapellError: what went wrong; anything else is reported as a bug of the tool.
        """
        ...


class BlobStore(Protocol):
    """Where the bytes behind digests come from; the artifact store is one."""

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes. Raises Missing ``artifact_unknown``."""
        ...


class RunFolder(Protocol):
    """Puts a run's folder into the state its log tells of."""

    def hold(
        self, folder: str, files: Mapping[str, Digest], blob: FetchBlob
    ) -> AbstractAsyncContextManager[None]:
        """Enter with the folder holding ``files``; leave after the call that works in it.

        Calls of one run may hold the same folder side by side: what another call that has not
        ended wrote stays untouched.
        """
        ...


class UnknownOutcome(Exception):
    """The call may have taken effect although it failed; the cause says how it failed."""
