"""Modules that hold tools: files of a workspace and installed ones, imported when first called."""

import asyncio
import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from kapell.adapters.tools.langchain import LangChainTool
from kapell.adapters.tools.python.function import FunctionTool
from kapell.adapters.tools.python.printing import captured
from kapell.core.tools.declaring import Declared, declared
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid, Missing, Place
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult


class ModuleTool:
    """A tool known by its description; its module is imported when it is called."""

    def __init__(self, spec: ToolSpec, source: str) -> None:
        self.spec = spec
        self._source = source
        self._tool: Tool | None = None
        self._loading = asyncio.Lock()

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Import the module if that has not been done, and call.

        Raises:
            Invalid: ``tool_module_broken``.
            Missing: ``tool_unknown`` when the module has lost it since it was looked through.
        """
        if self._tool is None:
            async with self._loading:
                if self._tool is None:
                    with captured(self.spec.name):
                        self._tool = await asyncio.to_thread(self._loaded)
        return await self._tool.call(call, blob)

    def _loaded(self) -> Tool:
        for tool in tools_in(load(self._source), self._source):
            if tool.spec.name == self.spec.name:
                return tool
        raise Missing(
            f"{_shown(self._source)} has no tool {self.spec.name!r} any more.",
            code="tool_unknown",
            advice="Start the program anew: it looks through the tools when it starts.",
        )


def tools_in(module: ModuleType, source: str) -> Iterator[Tool]:
    """Yield the tools that a module declares, in the order of their names.

    Raises:
        Invalid: ``tool_signature`` with the place of the function.
    """
    seen: set[int] = set()
    for _, value in sorted(vars(module).items()):
        found = declared(value)
        if found is None or id(value) in seen:
            continue
        seen.add(id(value))
        try:
            yield tool_of(found)
        except Invalid as error:
            error.place = _place_of(value, source)
            raise


def tool_of(found: Declared) -> Tool:
    """Return what was declared as a tool."""
    if callable(getattr(found.target, "ainvoke", None)):
        return LangChainTool(found.target, found.declaration)
    return FunctionTool(found.target, found.declaration)


def load(source: str) -> ModuleType:
    """Return the module of a file's path or of a dotted name, imported once.

    Raises:
        Invalid: ``tool_module_broken`` with the line that broke it, if that is in the file.
    """
    try:
        if not source.endswith(".py"):
            return importlib.import_module(source)
        # Two workspaces may have files of one name; what they hold is told apart by their place.
        name = (
            f"kapell_tools_{hashlib.sha256(source.encode()).hexdigest()[:12]}_{Path(source).stem}"
        )
        if name in sys.modules:
            return sys.modules[name]
        made = importlib.util.spec_from_file_location(name, source)
        if made is None or made.loader is None:
            raise ImportError("it is no module")
        module = importlib.util.module_from_spec(made)
        sys.modules[name] = module
        try:
            made.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
    except (Exception, SystemExit) as error:
        raise Invalid(
            f"{_shown(source)} cannot be imported: {type(error).__name__}: {error}.",
            code="tool_module_broken",
            advice="Mend it; `python FILE` shows the whole traceback.",
            place=_broken_at(error, source),
        ) from error
    else:
        return module


def _shown(source: str) -> str:
    return f"tools/{Path(source).name}" if source.endswith(".py") else f"The module {source}"


def _broken_at(error: BaseException, source: str) -> Place | None:
    if not source.endswith(".py"):
        return None
    if isinstance(error, SyntaxError) and error.filename == source:
        return Place(file=_shown(source), line=error.lineno or 1, column=error.offset or 1)
    lines = [
        one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == source
    ]
    return Place(file=_shown(source), line=(lines[-1] if lines else 1) or 1, column=1)


def _place_of(value: object, source: str) -> Place | None:
    code = getattr(value, "__code__", None)
    line = getattr(code, "co_firstlineno", None)
    if line is None or not source.endswith(".py"):
        return None
    return Place(file=_shown(source), line=line, column=1)
