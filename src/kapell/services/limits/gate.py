"""The rates of tools, held at their door."""

from kapell.core.approvals.question import call_digest
from kapell.core.policies.notes import Note
from kapell.core.tools.spec import ToolSpec
from kapell.services.limits.limiter import Limiter
from kapell.services.tools.ports import ToolCall, ToolResult


class LimitsToolGate:
    """Counts every call of a tool before anything else looks at it."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it is, when its tool has room.

        What people approved of was counted when it was held: it is not counted again, and no rate
        makes their answer void.

        Raises:
            Limited: ``rate_limited``.
        """
        del note
        approved = call.caller.approved
        if not approved or approved != call_digest(call.tool, call.args):
            await self._limiter.admit_call(call.tenant_id, spec.name)
        return call

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it is."""
        del spec, call, note
        return result
