"""What a store that may forget its last moments must not carry."""

from collections.abc import Mapping

from kapell.core.runs.program import Program
from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.core.workflows.version import ToolWork
from kapell.kit.errors import Conflict


class Durability:
    """Knows whether a commit outlives a power cut, and which tools need that.

    Args:
        full: Whether every commit waits for the disk.
        specs: The tools there are.
    """

    def __init__(self, full: bool, specs: Mapping[str, ToolSpec]) -> None:
        self._full = full
        self._specs = specs

    def check(self, program: Program) -> None:
        """Make sure that no tool of the workflow can be called again after a power cut.

        Whether the arguments make a call repeatable counts as far as they are written out.

        Raises:
            Conflict: ``durability_too_low``.
        """
        if self._full:
            return
        for plan in program.bodies:
            for place in plan.places.values():
                work = place.step.work
                spec = self._specs.get(work.tool) if isinstance(work, ToolWork) else None
                if isinstance(work, ToolWork) and spec and not repeatable(spec, work.args):
                    raise Conflict(
                        f"Step {place.step.id!r} calls {work.tool}, which must not be called twice,"
                        " and `durability: normal` may forget after a power cut that it was.",
                        code="durability_too_low",
                        advice="Set `database: {durability: full}`, which is the default.",
                    )
