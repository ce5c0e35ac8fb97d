"""The tools of the crash harness, and one whose calls outlive the workers that made them."""

import asyncio
import os
from collections.abc import Mapping

from kapell.core.tools.spec import ToolSpec
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult
from kapell.testing.crash.tools import EchoTool, crash_tools


class SlowTool:
    """``crash.slow``: takes effect, then takes its ``seconds``; tells in which process it ran."""

    spec = ToolSpec(
        name="crash.slow",
        description="Write a line, take time, return the process.",
        args={"type": "object"},
        repeatable=True,
    )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Do what the echo does, then wait: a call that was cut is called again, which shows."""
        await EchoTool().call(call, blob)
        assert isinstance(call.args, dict)
        await asyncio.sleep(float(str(call.args["seconds"])))
        return ToolResult(output={"pid": os.getpid()})


def tools() -> Mapping[str, Tool]:
    """Return the tools of every process of these tests, by name."""
    return {**crash_tools(), SlowTool.spec.name: SlowTool()}
