"""Who else has a say in whose answer counts, and what it is told of an answer."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from kapell.core.policies.asking.documents import (
    AgentPart,
    ApprovalDocument,
    ApprovalPart,
    RunPart,
)
from kapell.core.runs.decide.steps.requests import agent_of_step
from kapell.core.runs.fold.guards import profile_at
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.ports import ApprovalRow
from kapell.services.runs.reading import Histories

Describe = Callable[[], Awaitable[ApprovalDocument]]
"""Returns an answer as rules read it; asked for only where a rule speaks of answers."""


class AnswerRules(Protocol):
    """Has a say in whose answer counts, beside the approvers of a question."""

    async def may_count(self, describe: Describe) -> None:
        """Let an answer count.

        Raises:
            KapellError: it does not, or nobody could say.
        """
        ...


async def answer_document(
    histories: Histories, row: ApprovalRow, part: ApprovalPart, args: Json
) -> ApprovalDocument:
    """Return an answer as rules read it: who gives it, to what, in a run that who started."""
    program, state = await histories.state(await histories.events(RunId(row.run_id)))
    run = state.steps.get(row.step)
    agent = None if run is None else agent_of_step(program, run)
    return ApprovalDocument(
        tenant=state.tenant_id,
        subject=state.subject,
        conversation=state.correlation_id,
        run=RunPart(id=state.run_id, workflow=row.workflow, path=row.step),
        agent=AgentPart()
        if agent is None
        else AgentPart(name=agent.name, capabilities=tuple(agent.capabilities)),
        profile=profile_at(program, state, row.step),
        approval=part,
        args=args,
    )
