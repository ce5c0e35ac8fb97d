"""The tools ``text.*``: one class, for they differ in what they do with a text only."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.texts import work
from kapell.adapters.tools.texts.specs import (
    TEXT_COUNT,
    TEXT_DIFF,
    TEXT_EXTRACT,
    TEXT_REPLACE,
    TEXT_SPLIT,
    TEXT_TRUNCATE,
)
from kapell.adapters.tools.threads import Stop, in_thread
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_Work: TypeAlias = Callable[[Mapping[str, Json], Stop], Json]


class TextTool:
    """One of ``text.*``."""

    def __init__(self, spec: ToolSpec, work_of: _Work) -> None:
        self.spec = spec
        self._work = work_of

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return what is made of the text.

        Raises:
            Invalid: ``pattern_broken``, ``text_too_large``, ``tool_arguments``.
        """
        args = arguments(call)
        return ToolResult(output=await in_thread(lambda stop: self._work(args, stop)))


def text_tools() -> tuple[TextTool, ...]:
    """Return all of them."""
    return (
        TextTool(TEXT_SPLIT, work.split),
        TextTool(TEXT_REPLACE, work.replace),
        TextTool(TEXT_EXTRACT, work.extract),
        TextTool(TEXT_TRUNCATE, work.truncate),
        TextTool(TEXT_DIFF, work.diff),
        TextTool(TEXT_COUNT, work.count),
    )
