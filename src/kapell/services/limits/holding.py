"""Agents that are held are not asked: neither their model nor the program they run in."""

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Note
from kapell.core.runs import paths
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import TenantId
from kapell.services.gateway.ports import OnDelta
from kapell.services.limits.agents import AgentBreaker
from kapell.services.tools.ports import ToolCall, ToolResult


class AgentModelGate:
    """Stands in the door to models."""

    def __init__(self, breaker: AgentBreaker) -> None:
        self._breaker = breaker

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Return the request as it is, when its agent may be asked.

        Raises:
            Denied: ``agent_held``.
        """
        del note
        await _check(self._breaker, request.caller)
        return request

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer as it is."""
        del request, note
        return answer

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who hears the pieces, unchanged."""
        del request
        return on_delta


class AgentToolGate:
    """Stands in the door to tools, for agents that are programs themselves."""

    def __init__(self, breaker: AgentBreaker) -> None:
        self._breaker = breaker

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it is, when its agent may be asked.

        What a model asked for is let be: the agent is held at its next turn.

        Raises:
            Denied: ``agent_held``.
        """
        del spec, note
        if not call.caller.asked:
            await _check(self._breaker, call.caller)
        return call

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it is."""
        del spec, call, note
        return result


async def _check(breaker: AgentBreaker, caller: Caller) -> None:
    """Check the agent of a call, unless what it does undoes something: that must be done."""
    if caller.agent and paths.UNDO not in caller.path:
        await breaker.check(TenantId(caller.tenant), caller.agent)
