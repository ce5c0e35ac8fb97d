"""What stands around every gate: one that breaks lets nothing pass, and tells nothing of it."""

from collections.abc import Iterator
from contextlib import contextmanager

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
        with closed(self._gate):
            return await self._gate.before(request, note)

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer as it may be shown.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        with closed(self._gate):
            return await self._gate.after(request, answer, note)

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who hears the pieces; from a gate that breaks nothing more is heard."""
        with closed(self._gate):
            hear = self._gate.listener(request, on_delta)
        return _Hearer(hear)


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
        with closed(self._gate):
            return await self._gate.before(spec, call, note)

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it may be shown.

        Raises:
            Bug: ``guard_failed`` when the gate breaks.
        """
        with closed(self._gate):
            return await self._gate.after(spec, call, result, note)


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


@contextmanager
def closed(gate: object) -> Iterator[None]:
    """Let decisions of a gate through, and turn whatever else it raises into ``guard_failed``.

    What it was looking at may stand in its error: no word of that is told.
    """
    try:
        yield
    except (KapellError, Held):
        raise
    except Exception as error:
        raise Bug(
            f"A guard broke ({type(gate).__name__}, {type(error).__name__}), so the call does not "
            "pass.",
            code="guard_failed",
            advice="Report it; until it is mended, take that guard away by its name in "
            "`guardrails.flags`.",
        ) from None
