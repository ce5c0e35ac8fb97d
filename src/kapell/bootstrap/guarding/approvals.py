"""The desk at which people answer, wired."""

from collections.abc import Mapping

from kapell.adapters.tools.foresight import foreseen
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.approvals.changes import Becoming, Foresee
from kapell.services.approvals.refusing import CheckArguments
from kapell.services.tools.arguments import Arguments


def argument_check(specs: Mapping[str, ToolSpec], workspace: str) -> CheckArguments:
    """Return what holds changed arguments against a tool's schema, as the door will."""
    arguments = Arguments()

    def check(run: RunId, tool: str, args: Json) -> None:
        spec = specs.get(tool)
        if spec is None:
            raise Missing(
                f"There is no tool {tool!r} here.",
                code="tool_unknown",
                advice="Answer where the run's tools are configured.",
            )
        arguments.check(spec, args, (_folder(workspace, run), workspace))

    return check


def foresight(workspace: str) -> Foresee:
    """Return what knows how calls of tools would change the files of a run."""

    async def foresee(run: RunId, tool: str, args: Json) -> Becoming | None:
        return await foreseen(_folder(workspace, run), tool, args)

    return foresee


def _folder(workspace: str, run: RunId) -> str:
    return f"{workspace}/.kapell/runs/{run}"
