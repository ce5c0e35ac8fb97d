"""The one door to tools: check the arguments, restore the run's folder, call, check the result."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from difflib import get_close_matches
from time import perf_counter

import msgspec

from kapell.core.guardrails.labels import joined
from kapell.core.policies.notes import Note, unnoted
from kapell.core.tools.paths import argument_of, paths_in
from kapell.core.tools.spec import ToolSpec, outside, repeatable
from kapell.kit.errors import Bug, Denied, Invalid, KapellError, Missing, Unavailable
from kapell.kit.json import Digest, Json, encode
from kapell.services.tools.arguments import Arguments
from kapell.services.tools.masking import Masking, scrub, without_secrets
from kapell.services.tools.ports import (
    BlobStore,
    FetchBlob,
    Nobody,
    NoSecrets,
    RunFolder,
    SecretSource,
    Strangers,
    Tool,
    ToolCall,
    ToolGate,
    ToolRecord,
    ToolResult,
    UnknownOutcome,
)
from kapell.services.tools.redaction import described

RESULT_LIMIT = 64 * 1024 * 1024
"""Bytes of JSON a result may have: more would be carried through every later decision."""


class ToolExecutor:
    """Calls tools by name.

    Args:
        tools: What may be called, by name.
        artifacts: Where files of the run's folder and large values come from.
        files: Restores the run's folder before a call.
        result_limit: Bytes of JSON a result may have.
        secrets: Where the secrets come from that tools declare.
        observe: Is told of every call that ended, however it ended.
        gates: What every call and every result passes, the first one outermost.
        strangers: Knows which files are not to be trusted.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        artifacts: BlobStore,
        files: RunFolder,
        result_limit: int = RESULT_LIMIT,
        secrets: SecretSource | None = None,
        observe: Callable[[ToolRecord], None] | None = None,
        gates: Sequence[ToolGate] = (),
        strangers: Strangers | None = None,
    ) -> None:
        self._tools = tools
        self._artifacts = artifacts
        self._files = files
        self._limit = result_limit
        self._secrets = secrets or NoSecrets()
        self._observe = observe
        self._gates = tuple(gates)
        self._strangers = strangers or Nobody()
        self._arguments = Arguments()
        self._masking = Masking()

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what the tools say of themselves, by name."""
        return tuple(tool.spec for _, tool in sorted(self._tools.items()))

    async def call(self, call: ToolCall, note: Note = unnoted) -> ToolResult:
        """Carry out one call; ``note`` takes what the gates decided.

        Raises:
            Held: a gate wants people asked first; nothing was called.
            Missing: ``tool_unknown``.
            Invalid: ``tool_arguments``, ``tool_result_not_json``, ``tool_result_too_large``.
            Denied: ``path_outside`` for arguments marked as paths, ``secret_missing``.
            Unavailable: ``tool_timed_out``.
            Bug: ``tool_bug`` for anything a tool raises outside the tree of errors.
            UnknownOutcome: instead of those that come after the call has begun, when the tool must
                not be called twice, and when a gate withholds the result; the error stands behind
                as cause.
            KapellError: what the tool itself raised.
        """
        tool = self._tool(call.tool)
        began = perf_counter()
        try:
            self._arguments.check(tool.spec, call.args, (call.folder, call.workspace))
            call = self._attached(tool.spec, call)
            passed: list[ToolCall] = []
            for gate in self._gates:
                call = await gate.before(tool.spec, call, note)
                passed.append(call)
            call = self._equipped(tool.spec, call)
            result, size = await self._carried_out(tool, call)
            result = self._doubted(tool.spec, call, result)
            result = await self._passed(tool.spec, passed, result, note)
        except KapellError as error:
            scrub(error, call.secrets)
            self._doubt(tool.spec, call, error)
            self._tell(tool.spec, call, began, error)
            raise
        except UnknownOutcome as unknown:
            cause = unknown.__cause__
            if isinstance(cause, KapellError):
                scrub(cause, call.secrets)
                self._doubt(tool.spec, call, cause)
            self._tell(tool.spec, call, began, cause)
            raise
        return self._recorded(tool.spec, call, result, size, began)

    async def _passed(
        self, spec: ToolSpec, passed: Sequence[ToolCall], result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as the gates let it through.

        Raises:
            UnknownOutcome: they do not; the call was made all the same, and is not made again.
        """
        try:
            for gate, made in zip(reversed(self._gates), reversed(passed), strict=True):
                result = await gate.after(spec, made, result, note)
        except KapellError as error:
            raise UnknownOutcome from error
        return result

    def _equipped(self, spec: ToolSpec, call: ToolCall) -> ToolCall:
        """Return the call with its secrets, and the tool's own timeout when it has none."""
        timeout = spec.timeout if call.timeout is None else call.timeout
        secrets = {}
        for name in spec.secrets:
            secret = self._secrets.get(call.tenant_id, name)
            if not secret:
                raise Denied(
                    f"The tool {spec.name!r} needs the secret {name!r}, which is not set.",
                    code="secret_missing",
                    advice=f"{self._secrets.advice(name)} Then call the tool again.",
                )
            secrets[name] = secret
        if not secrets and timeout == call.timeout:
            return call
        return msgspec.structs.replace(call, timeout=timeout, secrets=secrets)

    async def _carried_out(self, tool: Tool, call: ToolCall) -> tuple[ToolResult, int]:
        begun = False
        limit = asyncio.timeout(call.timeout)
        try:
            async with limit, self._held(tool.spec, call):
                begun = True
                return await self._called(tool, call)
        except TimeoutError as error:
            if not limit.expired():
                raise
            slow = _timed_out(call)
            if begun and not repeatable(tool.spec, call.args):
                raise UnknownOutcome from slow
            raise slow from error
        except _Unplanned as unplanned:
            if repeatable(tool.spec, call.args):
                raise unplanned.error from unplanned.error.__cause__
            raise UnknownOutcome from unplanned.error

    def _attached(self, spec: ToolSpec, call: ToolCall) -> ToolCall:
        """Return the call; strangers' files that it takes outside are a part of its arguments."""
        if not (outside(spec) and spec.folder and call.caller.labelled):
            return call
        labels = dict(call.caller.labels)
        for place, path in paths_in(spec.args, call.args):
            if self._strangers.wrote(call, path):
                name = argument_of(place)
                labels[name] = joined([labels.get(name, ()), ("web",)])
        caller = msgspec.structs.replace(call.caller, labels=labels)
        return msgspec.structs.replace(call, caller=caller)

    def _doubted(self, spec: ToolSpec, call: ToolCall, result: ToolResult) -> ToolResult:
        """Return the result, marked as not to be trusted when it was read from strangers' files."""
        if spec.effects != "read" or not spec.folder or spec.trust == "untrusted":
            return result
        if self._is_strange(spec, call) or any(
            self._strangers.wrote(call, path) for path in _named(result.output)
        ):
            return msgspec.structs.replace(result, trust="untrusted")
        return result

    def _doubt(self, spec: ToolSpec, call: ToolCall, error: KapellError) -> None:
        """Mark an error that may quote strangers' files: what cannot be read is often shown."""
        if spec.trust == "untrusted" or (spec.folder and self._is_strange(spec, call)):
            error.strange = True

    def _is_strange(self, spec: ToolSpec, call: ToolCall) -> bool:
        """Tell whether a call names files that strangers wrote."""
        named = paths_in(spec.args, call.args)
        return any(self._strangers.wrote(call, path) for _, path in named)

    def _recorded(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, size: int, began: float
    ) -> ToolResult:
        """Return the result with what the door knows of it."""
        trusted = spec.trust == "trusted" and result.trust != "untrusted"
        result = msgspec.structs.replace(
            result,
            output=without_secrets(result.output, call.secrets),
            trust="trusted" if trusted else "untrusted",
            cost=spec.cost if result.cost is None else result.cost,
        )
        record = self._tell(spec, call, began, None, result, size)
        return msgspec.structs.replace(result, record=record)

    def _tell(
        self,
        spec: ToolSpec,
        call: ToolCall,
        began: float,
        error: BaseException | None,
        result: ToolResult | None = None,
        size: int = 0,
    ) -> ToolRecord:
        record = ToolRecord(
            tool=spec.name,
            call=call.call,
            run_id=call.run_id,
            args=self._masking.shown_arguments(spec, call.args, call.secrets),
            effects=spec.effects,
            trust=(result and result.trust) or spec.trust,
            cost=(result.cost or 0) if result is not None else 0,
            size=size,
            seconds=perf_counter() - began,
            code=error.code if isinstance(error, KapellError) else "",
            notes={} if result is None else result.notes,
        )
        if self._observe is not None:
            self._observe(record)
        return record

    def _held(self, spec: ToolSpec, call: ToolCall) -> AbstractAsyncContextManager[None]:
        """Return what keeps the run's folder as the call needs it."""
        if not spec.folder:
            return nullcontext()
        return self._files.hold(call.folder, call.files, self._fetch(call))

    def _tool(self, name: str) -> Tool:
        tool = self._tools.get(name)
        if tool is not None:
            return tool
        close = get_close_matches(name, self._tools, 1)
        hint = f"Did you mean {close[0]!r}?" if close else "`kapell tools list` says what there is."
        raise Missing(f"There is no tool {name!r}.", code="tool_unknown", advice=hint)

    def _fetch(self, call: ToolCall) -> FetchBlob:
        async def fetch(digest: Digest) -> bytes:
            return (await self._artifacts.get(call.tenant_id, (digest,)))[digest]

        return fetch

    async def _called(self, tool: Tool, call: ToolCall) -> tuple[ToolResult, int]:
        """Return the tool's checked result and its size.

        Raises:
            _Unplanned: the tool ran and broke its promise.
        """
        try:
            result = await tool.call(call, self._fetch(call))
        except UnknownOutcome as unknown:
            if isinstance(unknown.__cause__, KapellError):
                raise
            raise UnknownOutcome from _bug(call, unknown.__cause__ or unknown)
        except KapellError:
            raise
        except (asyncio.CancelledError, SystemExit) as error:
            if _is_stopped(error):
                raise
            # Let through, the one would look as if somebody had stopped the call, and nobody would
            # wait for it any more; the other would end the worker with all its runs.
            said = RuntimeError(f"it raised {type(error).__name__}")
            raise _Unplanned(_bug(call, said)) from error
        except Exception as error:
            raise _Unplanned(_bug(call, error)) from error
        try:
            return result, self._size(tool.spec, call, result)
        except KapellError as error:
            raise _Unplanned(error) from error

    def _size(self, spec: ToolSpec, call: ToolCall, result: object) -> int:
        """Return the result's size as JSON.

        Raises:
            KapellError: why the result cannot be kept.
        """
        if not isinstance(result, ToolResult):
            raise _bug(call, TypeError(f"returned {type(result).__name__} for a ToolResult"))
        try:
            size = len(encode(result.output))
        except Invalid as error:
            raise Invalid(
                f"The result of {call.tool!r} cannot be kept. {error.message}",
                code="tool_result_not_json",
                advice="A tool returns texts, finite numbers, booleans, null, lists and mappings.",
            ) from error
        limit = min(self._limit, spec.result_bytes or self._limit)
        if size > limit:
            raise Invalid(
                f"The result of {call.tool!r} has {size:,} bytes, at most {limit:,} are kept.",
                code="tool_result_too_large",
                advice="Ask the tool for less, or let it write a file into the run's folder.",
            )
        return size


class _Unplanned(Exception):
    """The tool ran, and failed in a way it did not announce."""

    def __init__(self, error: KapellError) -> None:
        super().__init__(error.message)
        self.error = error


def _is_stopped(error: BaseException) -> bool:
    """Tell whether somebody stops the call, and not the tool itself."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _bug(call: ToolCall, error: BaseException) -> Bug:
    bug = Bug(
        f"The tool {call.tool!r} broke: {described(error)}",
        code="tool_bug",
        advice="Report it to the author of the tool, or use another one.",
    )
    bug.__cause__ = error
    return bug


def _timed_out(call: ToolCall) -> Unavailable:
    return Unavailable(
        f"The tool {call.tool!r} did not end within {call.timeout:g} s.",
        code="tool_timed_out",
        advice="Give the step a longer `timeout:`, or less to do at once.",
    )


def _named(output: Json) -> Iterator[str]:
    """Yield the files that a result says it tells of, as lists and searches of files do."""
    if not isinstance(output, Mapping):
        return
    for value in output.values():
        for one in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
            path = one.get("path") if isinstance(one, Mapping) else None
            if isinstance(path, str):
                yield path
