"""What became of agents, run by run: counted by their breaker, and told where that holds one."""

import logging
from collections.abc import Iterator, Sequence

from kapell.core.events.envelope import Event
from kapell.core.events.step import StepDead, StepFailed, StepSucceeded
from kapell.core.limits.breaker import its_own
from kapell.core.runs.fold import tree
from kapell.core.runs.fold.breaking import streak
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import RunStatus
from kapell.core.workflows.version import AgentWork
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId, TenantId
from kapell.services.audit.ports import Acts
from kapell.services.limits.agents import AgentBreaker
from kapell.services.limits.courtesies import Courtesies
from kapell.services.limits.escalations import Notify

log = logging.getLogger(__name__)

_ENDS = (StepSucceeded, StepFailed, StepDead)


class AgentOutcomes:
    """Observes what runs append; nothing waits for it.

    A run counts once, however many of its steps the agent fails in: within it, the run's own
    breaker counts.

    Args:
        breaker: Counts.
        notify: Tells people; the text holds nothing of what the run works on.
    """

    def __init__(self, breaker: AgentBreaker, notify: Notify) -> None:
        self._breaker = breaker
        self._notify = notify
        self._acts: Acts | None = None
        self._courtesies = Courtesies()

    def told_to(self, acts: Acts) -> None:
        """Put on record from now on which agents are held."""
        self._acts = acts

    def observe(self, run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
        """See what became of agents."""
        if not self._breaker.on or state.request.breaker is None:
            return
        if state.phase == "cancelling" or state.status == RunStatus.CANCELLED:
            return  # what was stopped has not failed
        for agent, failed in _outcomes(events, state, program):
            work = self._failed if failed else self._succeeded
            self._courtesies.begin(work(run, state.tenant_id, agent))

    async def close(self) -> None:
        """Finish what is under way."""
        await self._courtesies.close()

    async def _succeeded(self, run: RunId, tenant: TenantId, agent: str) -> None:
        try:
            await self._breaker.succeeded(tenant, agent)
        except KapellError as error:
            log.warning("that the run %s went well is not counted: %s", run, error)

    async def _failed(self, run: RunId, tenant: TenantId, agent: str) -> None:
        try:
            if not await self._breaker.failed(tenant, agent):
                return
            if self._acts is not None:
                await self._acts.act("breaker.opened", f"agent {agent}", "held", run=run)
            await self._notify(
                run,
                f"breaker:{agent}:{run}",
                f"The agent {agent} is held: it failed in several runs in a row, at last in {run}. "
                f"Look at it: kapell runs show {run}; then: kapell breaker close {agent}",
            )
        except KapellError as error:
            log.warning("that the run %s failed is not counted or told: %s", run, error)


def _outcomes(
    events: Sequence[Event], state: State, program: Program
) -> Iterator[tuple[str, bool]]:
    """Yield agents with whether they failed: a run's first failure of one, and each success."""
    fresh: dict[str, int] = {}
    for event in events:
        payload = event.payload
        if not isinstance(payload, _ENDS) or event.copied:
            continue
        agent = _agent_of(state, program, payload.path)
        if not agent:
            continue
        if isinstance(payload, StepSucceeded):
            if not payload.cached:
                fresh.pop(agent, None)
                yield agent, False
        elif its_own(payload.failure):
            fresh[agent] = fresh.get(agent, 0) + 1
    for agent, count in fresh.items():
        # More in a row than these: the run was counted when it failed before.
        if streak(state, agent).failures <= count:
            yield agent, True


def _agent_of(state: State, program: Program, path: str) -> str:
    """Return the agent of a step run; empty for other work, and for what goes over items."""
    run = state.steps.get(path)
    if run is None or run.fan is not None:
        return ""
    work = tree.place_of(program, run).step.work
    return work.agent if isinstance(work, AgentWork) else ""
