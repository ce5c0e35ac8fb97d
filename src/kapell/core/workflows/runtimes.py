"""What an agent's work is: turns of a model, or one call to the runtime it lives in."""

from kapell.core.agents.definition import Agent
from kapell.core.agents.runtimes import ELSEWHERE
from kapell.core.tools.spec import INTERNAL
from kapell.core.workflows.programs import GRACE, plain
from kapell.core.workflows.version import AgentWork, ToolWork
from kapell.kit.json import Json


def lives_elsewhere(agent: Agent | None) -> bool:
    """Tell whether somebody else than a model of ours answers for an agent."""
    return agent is not None and agent.runtime in ELSEWHERE


def agent_work(agent: Agent, prompt: str, output: Json) -> AgentWork | ToolWork:
    """Return the work of an agent that is given ``prompt`` (a template).

    Args:
        agent: Who answers.
        prompt: What it is given.
        output: The JSON Schema of the answer, when there is one.
    """
    if not lives_elsewhere(agent):
        return AgentWork(agent=agent.name, prompt=prompt)
    args: dict[str, Json] = {"agent": agent.name, "prompt": prompt}
    for key, value in agent.settings.items():
        if key != "instructions":
            args["ready" if key == "prompt" else key] = plain(value)
    if agent.settings.get("instructions"):
        args["instructions"] = plain(agent.instructions)
    if output is not None:
        args["output"] = plain(output)
    within = own_time(agent)
    if within is not None:
        args["timeout"] = within
    return ToolWork(tool=INTERNAL + agent.runtime, args=args)


def own_time(agent: Agent) -> float | None:
    """Return the seconds an agent gives itself for an answer."""
    said = agent.settings.get("timeout")
    limits = [said if isinstance(said, int | float) else None, agent.budget_time]
    return min((float(one) for one in limits if one is not None), default=None)


def runtime_timeout(agent: Agent, near: float | None) -> float | None:
    """Return the time of an attempt whose step says nothing: never less than the agent's own."""
    within = own_time(agent)
    return near if within is None or near is None else max(near, within + GRACE)
