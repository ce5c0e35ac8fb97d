"""The runtimes, ready to be called by versions."""

from collections.abc import Mapping

from kapell.adapters.tools.runtimes.objects import PythonRuntime
from kapell.adapters.tools.runtimes.terminals import TmuxRuntime
from kapell.services.tools.ports import Tool


def runtimes() -> Mapping[str, Tool]:
    """Return the runtimes of agents by the names of their tools."""
    tools: tuple[Tool, ...] = (PythonRuntime(), TmuxRuntime())
    return {tool.spec.name: tool for tool in tools}
