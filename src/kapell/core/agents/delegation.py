"""Agents as tools of other agents: what one is offered as, and the workflow that asks it."""

from collections.abc import Iterable, Mapping

from kapell.core.agents.definition import Agent
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

PREFIX = "agent."
"""What the names of agents begin with in an agent's list of tools."""

TASK = "task"

DEPTH = 8
"""Agents that may ask one below the other; as deep as sub-workflows may be."""


def named(tool: str) -> str:
    """Return the agent a tool's name means, "" for any other tool."""
    return tool.removeprefix(PREFIX) if tool.startswith(PREFIX) else ""


def spec_of(agent: Agent) -> ToolSpec:
    """Return an agent as a tool: it takes a task, and answers as its ``output`` says."""
    return ToolSpec(
        name=PREFIX + agent.name,
        description=agent.description or f"Ask the agent {agent.name}.",
        args={
            "type": "object",
            "required": [TASK],
            "additionalProperties": False,
            "properties": {
                TASK: {
                    "type": "string",
                    "minLength": 1,
                    "description": "What it shall do, with all it has to know.",
                }
            },
        },
        returns=agent.output,
        folder=False,
    )


def specs_of(agents: Mapping[str, Agent]) -> Mapping[str, ToolSpec]:
    """Return the agents of a version as tools, by the names they are offered under."""
    return {PREFIX + name: spec_of(agent) for name, agent in agents.items()}


def team(names: Iterable[str], agents: Mapping[str, Agent]) -> list[str]:
    """Return these agents and all they may ask, directly or through others, sorted."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found and name in agents:
            found.add(name)
            left += filter(None, map(named, agents[name].tools or ()))
    return sorted(found)


def task_of(args: Json) -> str | None:
    """Return the task of a call, None when its arguments are not as the tool says."""
    if not isinstance(args, Mapping) or set(args) != {TASK}:
        return None
    task = args[TASK]
    return task if isinstance(task, str) and task else None
