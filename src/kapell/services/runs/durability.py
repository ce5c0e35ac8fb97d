"""What a store that may forget its last moments must not carry."""

from collections.abc import Mapping

from kapell.core.runs.program import BodyPlan, Program
from kapell.core.tools.spec import ToolSpec, chosen, repeatable
from kapell.core.workflows.version import AgentWork, ToolWork, Work
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
                tool = self._once(plan, place.step.work)
                if tool:
                    raise Conflict(
                        f"Step {place.step.id!r} may call {tool}, which must not be called twice,"
                        " and `durability: normal` may forget after a power cut that it was.",
                        code="durability_too_low",
                        advice="Set `database: {durability: full}`, which is the default.",
                    )

    def _once(self, plan: BodyPlan, work: Work) -> str:
        """Return a tool the work may call and that must not be called twice, "" without one."""
        if isinstance(work, ToolWork):
            spec = self._specs.get(work.tool)
            return "" if spec is None or repeatable(spec, work.args) else spec.name
        if isinstance(work, AgentWork):
            for name in chosen(self._specs, plan.version.agents[work.agent].tools or ()):
                if not self._specs[name].repeatable:
                    return name
        return ""
