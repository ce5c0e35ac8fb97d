"""The one door to tools: check the arguments, restore the run's folder, call, check the result."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from difflib import get_close_matches

from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.errors import Bug, Invalid, KapellError, Missing, Unavailable
from kapell.kit.json import Digest, encode
from kapell.services.tools.arguments import Arguments
from kapell.services.tools.ports import (
    BlobStore,
    FetchBlob,
    RunFolder,
    Tool,
    ToolCall,
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
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        artifacts: BlobStore,
        files: RunFolder,
        result_limit: int = RESULT_LIMIT,
    ) -> None:
        self._tools = tools
        self._artifacts = artifacts
        self._files = files
        self._limit = result_limit
        self._arguments = Arguments()

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what the tools say of themselves, by name."""
        return tuple(tool.spec for _, tool in sorted(self._tools.items()))

    async def call(self, call: ToolCall) -> ToolResult:
        """Carry out one call.

        Raises:
            Missing: ``tool_unknown``.
            Invalid: ``tool_arguments``, ``tool_result_not_json``, ``tool_result_too_large``.
            Unavailable: ``tool_timed_out``.
            Bug: ``tool_bug`` for anything a tool raises outside the tree of errors.
            UnknownOutcome: instead of any of these but the first two, when the call had begun and
                the tool must not be called twice; the error stands behind as cause.
            KapellError: what the tool itself raised.
        """
        tool = self._tool(call.tool)
        self._arguments.check(tool.spec, call.args)
        begun = False
        limit = asyncio.timeout(call.timeout)
        try:
            async with limit, self._held(tool.spec, call):
                begun = True
                result = await self._called(tool, call)
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
        return result

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
        hint = f"Did you mean {close[0]!r}?" if close else "`kapell tools` lists what there is."
        raise Missing(f"There is no tool {name!r}.", code="tool_unknown", advice=hint)

    def _fetch(self, call: ToolCall) -> FetchBlob:
        async def fetch(digest: Digest) -> bytes:
            return (await self._artifacts.get(call.tenant_id, (digest,)))[digest]

        return fetch

    async def _called(self, tool: Tool, call: ToolCall) -> ToolResult:
        """Return the tool's checked result.

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
        except Exception as error:
            raise _Unplanned(_bug(call, error)) from error
        problem = self._problem(call, result)
        if problem is not None:
            raise _Unplanned(problem)
        return result

    def _problem(self, call: ToolCall, result: object) -> KapellError | None:
        """Return why the result cannot be kept, or None."""
        if not isinstance(result, ToolResult):
            return _bug(call, TypeError(f"returned {type(result).__name__} for a ToolResult"))
        try:
            size = len(encode(result.output))
        except Invalid as error:
            broken = Invalid(
                f"The result of {call.tool!r} cannot be kept. {error.message}",
                code="tool_result_not_json",
                advice="A tool returns texts, finite numbers, booleans, null, lists and mappings.",
            )
            broken.__cause__ = error
            return broken
        if size <= self._limit:
            return None
        return Invalid(
            f"The result of {call.tool!r} has {size:,} bytes, at most {self._limit:,} are kept.",
            code="tool_result_too_large",
            advice="Ask the tool for less, or let it write a file into the run's folder.",
        )


class _Unplanned(Exception):
    """The tool ran, and failed in a way it did not announce."""

    def __init__(self, error: KapellError) -> None:
        super().__init__(error.message)
        self.error = error


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
