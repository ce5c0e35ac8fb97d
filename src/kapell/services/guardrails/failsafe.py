"""What stands around every gate: one that breaks lets nothing pass, and tells nothing of it."""

from kapell.core.approvals.held import Held
from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.policies.notes import Note
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Bug, KapellError
from kapell.services.gateway.ports import ModelGate, OnDelta
from kapell.services.tools.ports import ToolCall, ToolGate, ToolResult


class SafeModelGate:
    """A gate to models that fails closed.

    Args:
        gate: The gate itself.
    """

    def __init__(self, gate: ModelGate) -> None:
        self._gate = gate

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Return the request as it may be sent.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        try:
            return await self._gate.before(request, note)
        except (KapellError, Held):
            raise
        except Exception as error:
            raise _broken(self._gate, error) from None

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer as it may be shown.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        try:
            return await self._gate.after(request, answer, note)
        except (KapellError, Held):
            raise
        except Exception as error:
            raise _broken(self._gate, error) from None

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who hears the pieces; from a gate that breaks nothing more is heard."""
        try:
            return _Hearer(self._gate.listener(request, on_delta))
        except (KapellError, Held):
            raise
        except Exception as error:
            raise _broken(self._gate, error) from None


class SafeToolGate:
    """A gate to tools that fails closed.

    Args:
        gate: The gate itself.
    """

    def __init__(self, gate: ToolGate) -> None:
        self._gate = gate

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it may be made.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        try:
            return await self._gate.before(spec, call, note)
        except (KapellError, Held):
            raise
        except Exception as error:
            raise _broken(self._gate, error) from None

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it may be shown.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        try:
            return await self._gate.after(spec, call, result, note)
        except (KapellError, Held):
            raise
        except Exception as error:
            raise _broken(self._gate, error) from None


class _Hearer:
    """Passes pieces on until the gate breaks; pieces are for watching, the answer itself comes."""

    def __init__(self, hear: OnDelta) -> None:
        self._hear: OnDelta | None = hear

    def __call__(self, piece: str) -> None:
        """Hear a piece."""
        if self._hear is None:
            return
        try:
            self._hear(piece)
        except Exception:
            self._hear = None


def _broken(gate: object, error: Exception) -> Bug:
    """Return what is told of a gate that breaks.

    What it was looking at may stand in its error: no word of that is told.
    """
    return Bug(
        f"A guard broke ({type(gate).__name__}, {type(error).__name__}), so the call does not "
        "pass.",
        code="guard_failed",
        advice="Report it. Until it is fixed, `guardrails.flags` can switch that guard off; every "
        "run then shows that it is off.",
    )
