"""What a tool is to the services."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

import msgspec

from kapell.core.events.tool import FileChange
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Note
from kapell.core.tools.declaring import Effects, Trust
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import Digest, Json

FetchBlob: TypeAlias = Callable[[Digest], Awaitable[bytes]]
"""Fetches the bytes of an artifact."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request to use a tool.

    ``key`` is the idempotency key, the same when the call is repeated after a crash. ``workspace``
    and ``folder`` are absolute paths: definitions that may be read, and the run's own folder.
    ``files`` is what the run's folder must hold before the call (path to digest). ``secrets`` are
    those that the tool declares; the executor fills them in, and no text of the call shows them.
    ``seen`` are the files that a gate has looked at, by the path as it was given: the digest of
    their bytes, empty where there was none. What is read under such a path has to be just that.
    ``caller`` says for whom, and out of what, it is made.
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
    secrets: Mapping[str, str] = {}
    seen: Mapping[str, str] = {}
    caller: Caller = Caller()

    def __repr__(self) -> str:
        """Return what may be logged: no arguments, no secrets."""
        return f"ToolCall({self.tool!r}, call={self.call!r}, run_id={self.run_id!r})"


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: output, changes in the run's folder, and the bytes of the changed files.

    ``notes`` are what the tool tells of how it worked, for whoever audits the run.

    The executor fills in the rest: ``trust`` says how far the output may be trusted (a tool that
    says itself what it read may lower, never raise it), ``cost`` what the call cost in nano-dollars
    (a tool that knows better says so), ``record`` what is kept of it.
    """

    output: Json
    files: tuple[FileChange, ...] = ()
    blobs: Mapping[Digest, bytes] = {}
    trust: Trust | None = None
    cost: int | None = None
    notes: Mapping[str, Json] = {}
    record: "ToolRecord | None" = None


class ToolRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call as it may be shown and kept: ``args`` have their secrets masked.

    ``size`` is the result in bytes of JSON, ``seconds`` what the call took; ``code`` is that of
    the error it ended with, empty when it succeeded; ``notes`` are the tool's own.
    """

    tool: str
    call: str
    run_id: RunId
    args: Json
    effects: Effects
    trust: Trust
    cost: int
    size: int = 0
    seconds: float = 0.0
    code: str = ""
    notes: Mapping[str, Json] = {}


class SecretSource(Protocol):
    """Where secrets come from; never from a file of the workspace."""

    def get(self, tenant_id: TenantId, name: str) -> str | None:
        """Return a secret, None when it is not set."""
        ...

    def advice(self, name: str) -> str:
        """Return the sentence that says how to set it."""
        ...


class NoSecrets:
    """A source that has none."""

    def get(self, tenant_id: TenantId, name: str) -> str | None:
        """Return None."""
        return None

    def advice(self, name: str) -> str:
        """Return that nothing can be set here."""
        return f"Nothing here can give the secret {name!r}: use a tool without secrets."


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


class Strangers(Protocol):
    """Knows which files somebody wrote whose word is not to be trusted."""

    def wrote(self, call: ToolCall, path: str) -> bool:
        """Tell whether strangers wrote what a path names, in the run's folder or the workspace."""
        ...


class Nobody:
    """Knows no strangers."""

    def wrote(self, call: ToolCall, path: str) -> bool:
        """Return that the author wrote it."""
        del call, path
        return False


class ToolGate(Protocol):
    """Stands in the door to tools: every call passes every gate, before and after."""

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it may be made.

        Raises:
            Held: people are asked first.
            KapellError: why it must not be made, or that the gate itself failed.
        """
        ...

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it may be shown.

        Raises:
            KapellError: why it must not be; the call counts as made all the same.
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
