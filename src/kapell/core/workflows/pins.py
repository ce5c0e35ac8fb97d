"""What compile is given beside the file: things the workflow names, and defaults around it."""

from collections.abc import Mapping

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.definitions.tree import Node
from kapell.core.gateway.routing.route import Routes
from kapell.core.guardrails.standing import ProfileName
from kapell.core.pricing.budget import Budget
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import Retry, Version


class WorkspaceDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace sets for workflows and agents that say nothing themselves.

    ``routes`` maps short names to models and to routes. ``retry`` None means the language's own
    default. ``agent_tools`` are those of agents that name none. ``judge`` is the model that judges
    answers which must keep to their sources. ``roles`` says who may answer for whom, as subjects;
    None where only a run can tell.
    """

    model: str | None = "offline"
    routes: Routes = {}
    budget: Budget | None = None
    retry: Retry | None = None
    timeout: float | None = None
    agent_tools: tuple[str, ...] = ()
    judge: str | None = None
    roles: Mapping[str, tuple[str, ...]] | None = None


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line sets over everything the files say.

    ``caller_model`` is the model of the workflow that calls this one: it stands behind the model of
    the workflow itself and before those of agents. ``caller_guardrails`` is its profile, in the
    same place.
    """

    model: str | None = None
    caller_model: str | None = None
    caller_guardrails: ProfileName | None = None
    budget: Budget | None = None
    timeout: float | None = None


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """The things a workflow names, as they are now.

    ``schemas`` holds files of JSON Schema by the name the author wrote. ``tools`` None means that
    the tools are not known and not checked. ``known_agents`` and ``known_workflows`` are the names
    for hints; a name that is known but not pinned is broken and has been told already.
    """

    agents: Mapping[str, Agent] = {}
    workflows: Mapping[str, Version] = {}
    schemas: Mapping[str, Node] = {}
    tools: Mapping[str, ToolSpec] | None = None
    known_agents: frozenset[str] = frozenset()
    known_workflows: frozenset[str] = frozenset()
