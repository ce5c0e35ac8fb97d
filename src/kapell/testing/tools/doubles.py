"""Tools without a world: what they do is decided by the test that holds them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import KapellError, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult

_ANYTHING: Mapping[str, Json] = {"type": "object"}


class NoopTool:
    """``test.noop``: returns its arguments at once; what a step costs without its work."""

    spec = ToolSpec(
        name="test.noop",
        description="Return the arguments as they came.",
        args=_ANYTHING,
        folder=False,
    )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the arguments."""
        return ToolResult(output=call.args)


class FlakyTool:
    """``test.flaky``: fails so many times per idempotency key, then returns its arguments."""

    spec = ToolSpec(
        name="test.flaky",
        description="Fail a few times, then return the arguments.",
        args=_ANYTHING,
    )

    def __init__(self, failures: int = 1, error: Callable[[], Exception] | None = None) -> None:
        self._failures = failures
        self._error = error or _down
        self.calls: Counter[str] = Counter()

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Fail or return the arguments."""
        self.calls[call.key] += 1
        if self.calls[call.key] <= self._failures:
            raise self._error()
        return ToolResult(output=call.args)


class SlowTool:
    """``test.slow``: begins, tells so by ``begun``, and ends when ``release`` is set."""

    def __init__(self, repeatable: bool = True) -> None:
        self.spec = ToolSpec(
            name="test.slow",
            description="Wait until released, then return the arguments.",
            args=_ANYTHING,
            repeatable=repeatable,
        )
        self.begun = asyncio.Event()
        self.release = asyncio.Event()
        self.cancelled = 0

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Wait for the release."""
        self.begun.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return ToolResult(output=call.args)


class CountingTool:
    """``test.counting``: counts its calls by idempotency key and returns the running number."""

    def __init__(self, repeatable: bool = True) -> None:
        self.spec = ToolSpec(
            name="test.counting",
            description="Count the calls.",
            args=_ANYTHING,
            repeatable=repeatable,
            effects="write",
        )
        self.calls: Counter[str] = Counter()

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return how many calls there were, this one included."""
        self.calls[call.key] += 1
        return ToolResult(output={"number": self.calls.total(), "same_key": self.calls[call.key]})


def double_tools() -> Mapping[str, Tool]:
    """Return a fresh set of the tools of this module, by name."""
    tools: tuple[Tool, ...] = (NoopTool(), FlakyTool(), SlowTool(), CountingTool())
    return {tool.spec.name: tool for tool in tools}


def _down() -> KapellError:
    return Unavailable(
        "The flaky tool is down.", code="test_down", advice="Call it again: it counts."
    )
