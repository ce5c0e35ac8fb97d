"""Tools whose behaviour depends on nothing but the call, so that any process gives the same."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid, Unavailable
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult

EFFECTS = "effects.log"
"""File of the workspace with one line for each call that took effect: tool, key, call."""


class EchoTool:
    """``crash.echo``: takes effect, which its line in the file tells, and returns its arguments."""

    def __init__(self, name: str = "crash.echo", repeatable: bool = True) -> None:
        self.spec = ToolSpec(
            name=name,
            description="Write a line, return the arguments.",
            args={"type": "object"},
            repeatable=repeatable,
        )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Write the line as one append, which no other process's line can split."""
        line = f"{call.tool}\t{call.key}\t{call.call}\n".encode()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(Path(call.workspace) / EFFECTS, flags, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
        return ToolResult(output=call.args)


class FlakyTool:
    """``crash.flaky``: the first attempt of a step fails, the second works."""

    spec = ToolSpec(
        name="crash.flaky", description="Fail at the first attempt.", args={"type": "object"}
    )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Fail or return the arguments."""
        if "#1/" in call.call:
            raise Unavailable("The flaky tool is down.", code="crash_down", advice="Try again.")
        return ToolResult(output=call.args)


class RefusingTool:
    """``crash.refuse``: never works."""

    spec = ToolSpec(name="crash.refuse", description="Refuse.", args={"type": "object"})

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Refuse."""
        raise Invalid("It is refused.", code="crash_refused", advice="Expect it.")


class DeadlyTool:
    """``crash.deadly``: kills the process it is called in, as a fault of native code would."""

    spec = ToolSpec(name="crash.deadly", description="Die.", args={"type": "object"})

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)
        return ToolResult(output=None)


def crash_tools() -> Mapping[str, Tool]:
    """Return the tools of this module, by name."""
    tools: tuple[Tool, ...] = (
        EchoTool(),
        EchoTool("crash.once", repeatable=False),
        FlakyTool(),
        RefusingTool(),
        DeadlyTool(),
    )
    return {tool.spec.name: tool for tool in tools}
