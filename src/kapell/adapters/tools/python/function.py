"""A declared Python function behind the door to tools."""

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from pydantic import ValidationError

from kapell.adapters.tools.files.paths import below
from kapell.adapters.tools.files.problems import outside
from kapell.adapters.tools.python.abandoning import Threads
from kapell.adapters.tools.python.aside import Aside
from kapell.adapters.tools.python.changes import changes_since, marks_of
from kapell.adapters.tools.python.printing import captured
from kapell.adapters.tools.python.shapes import as_json
from kapell.adapters.tools.python.signature import signature_of
from kapell.core.tools.declaring import Declaration, Secret, ToolContext
from kapell.core.tools.paths import holds_paths, with_paths
from kapell.kit.errors import Flaw, Invalid
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

THREADS = Threads()
"""The threads of this process's tools; those that hang are counted together."""
ASIDE = Aside(THREADS)
"""The event loop of this process's tools."""


class FunctionTool:
    """Calls a function: sync ones in a thread of their own, async ones on a loop of their own."""

    def __init__(
        self,
        function: Callable[..., Any],
        declaration: Declaration | None = None,
        threads: Threads = THREADS,
        aside: Aside = ASIDE,
    ) -> None:
        self._function = function
        self._aside = aside
        self._signature = signature_of(function, declaration or Declaration())
        self._threads = threads
        self.spec = self._signature.spec
        self._has_paths = holds_paths(self.spec.args)
        called = function if inspect.isroutine(function) else type(function).__call__
        self._is_async = inspect.iscoroutinefunction(called)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Call the function and return what it returns, as JSON.

        Raises:
            Invalid: ``tool_arguments`` when a type takes less than its schema says.
            Invalid: ``tool_result_not_json``.
        """
        given = self._given(call)
        if not self.spec.folder:
            return ToolResult(output=_as_json(call.tool, await self._returned(call, given)))
        os.makedirs(call.folder, exist_ok=True)
        before = marks_of(call.folder)
        output = _as_json(call.tool, await self._returned(call, given))
        changes, blobs = changes_since(call.folder, before, call.files)
        return ToolResult(output=output, files=changes, blobs=blobs)

    async def _returned(self, call: ToolCall, given: Mapping[str, object]) -> object:
        if self._is_async:
            return await self._aside.run(call.tool, lambda: self._function(**given))
        returned = await self._threads.run(call.tool, lambda: self._beside(call, given))
        # A function may return what is still to be awaited, as a decorated one does.
        if inspect.isawaitable(returned):
            return await self._aside.run(call.tool, lambda: returned)
        return returned

    def _beside(self, call: ToolCall, given: Mapping[str, object]) -> object:
        """Call the function in a thread; what it prints stays off our output if it is left too."""
        with captured(call.tool):
            return self._function(**given)

    def _given(self, call: ToolCall) -> dict[str, object]:
        args = call.args
        if self._has_paths:
            args = with_paths(self.spec.args, args, lambda _, text: self._place(call, text))
        given: dict[str, object] = {}
        flaws: list[Flaw] = []
        for name, value in (args if isinstance(args, Mapping) else {}).items():
            try:
                given[name] = self._signature.readers[name](value)
            except ValidationError as error:
                flaws += [
                    Flaw(".".join(map(str, (name, *one["loc"]))), "other", one["msg"])
                    for one in error.errors(include_url=False, include_input=False)
                ]
            except (msgspec.ValidationError, ValueError, TypeError) as error:
                flaws.append(Flaw(name, "other", str(error)))
        if flaws:
            said = "; ".join(f"{flaw.at!r}: {flaw.message}" for flaw in flaws)
            raise Invalid(
                f"The arguments of {call.tool!r} do not fit: {said}.",
                code="tool_arguments",
                advice=f"`kapell tools show {call.tool}` lists what it takes.",
                flaws=tuple(flaws),
            )
        given.update((name, Secret(call.secrets[name])) for name in self._signature.secrets)
        if self._signature.contexts:
            context = ToolContext(call.key, call.run_id, call.folder, call.workspace)
            given.update((name, context) for name in self._signature.contexts)
        return given

    def _place(self, call: ToolCall, text: str) -> str:
        """Return where a path leads: the run's folder; for a tool that reads, the workspace too.

        Raises:
            Denied: ``path_outside`` when a link leads elsewhere.
        """
        roots = [call.folder]
        if self.spec.effects == "read":
            roots.append(call.workspace)
        found = ""
        for root in roots:
            inner = below(text, root) if text.startswith("/") else text
            if inner is None or (root == call.workspace and _hidden(inner)):
                continue
            path = os.path.join(root, inner)
            base, real = os.path.realpath(root), os.path.realpath(path)
            if real != base and below(real, base) is None:
                raise outside(text, "it leads outside")
            if os.path.lexists(path):
                return path
            found = found or path
        if not found:
            raise outside(text, "the tool may not go there")
        return found


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part != "." for part in path.split("/"))


def _as_json(tool: str, value: object) -> Json:
    try:
        return as_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            f"The tool {tool!r} returned what has no form in JSON: {error}.",
            code="tool_result_not_json",
            advice="Let it return texts, finite numbers, booleans, null, lists, mappings, "
            "dataclasses or models.",
        ) from error
