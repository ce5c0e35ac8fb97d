"""The register of a workspace's agents and those of the library it may use."""

from collections.abc import Iterable, Mapping

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.agents.linting.linter import Finding, lint
from kapell.core.agents.linting.subject import subject_of
from kapell.core.agents.linting.tuning import Level, Tuning
from kapell.core.agents.routing import Choice, route
from kapell.core.agents.skills import skill_subject
from kapell.core.definitions.nearest import hint
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Missing
from kapell.services.workflows.agents import AgentEntry
from kapell.services.workflows.good import GoodAgents
from kapell.services.workflows.skills import SkillEntry
from kapell.services.workflows.workspace import Workspace

_AMONG_OTHERS = frozenset({"agent_cycle", "name_twice"})
"""What is wrong with an agent only beside others: its file itself can be read."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent must be to be listed; what is None does not matter."""

    tag: str | None = None
    tier: str | None = None
    capability: str | None = None

    def fits(self, agent: Agent) -> bool:
        """Tell whether an agent is as wanted."""
        return (
            (self.tag is None or self.tag in agent.tags)
            and (self.tier is None or self.tier == agent.tier)
            and (self.capability is None or self.capability in agent.capabilities)
        )

    @property
    def anything(self) -> bool:
        """Tell whether every agent is as wanted."""
        return self == Wanted()


class AgentRegistry:
    """Finds, lints and chooses agents.

    Args:
        workspace: Whose agents.
        tools: The tools there are.
        tuning: How strict the linter is.
        good: Keeps the last good version of each agent.
    """

    def __init__(
        self,
        workspace: Workspace,
        tools: Mapping[str, ToolSpec] | None = None,
        tuning: Tuning | None = None,
        good: GoodAgents | None = None,
    ) -> None:
        self._good = good
        self._workspace = workspace
        self._tools = tools
        self._tuning = tuning or Tuning()

    def entries(
        self, wanted: Wanted | None = None, *, library: bool = False
    ) -> tuple[AgentEntry, ...]:
        """Return the agents that are as wanted, by name.

        A broken file is listed only when nothing is wanted of it: nobody knows what it is.

        Args:
            wanted: What they must be.
            library: Whether those of the library count that the workspace may use.
        """
        by = wanted or Wanted()
        found = list(self._workspace.list_agents())
        if library:
            own = {one.name for one in found}
            found += [one for one in self._workspace.list_library() if one.name not in own]
        fitting = (
            one for one in found if (by.fits(one.agent) if one.agent is not None else by.anything)
        )
        return tuple(sorted(fitting, key=lambda one: (one.name, one.path)))

    def kept(self, entry: AgentEntry) -> str:
        """Return since when the version is valid that runs use of a broken file; "" for none."""
        broken = any(one.code not in _AMONG_OTHERS for one in entry.problems)
        kept = self._good.last(entry.path) if self._good is not None and broken else None
        return "" if kept is None else kept.saved

    def find(self, name: str) -> AgentEntry:
        """Return an agent by its name, the workspace's before the library's.

        Raises:
            Missing: ``agent_missing``.
        """
        entries = self.entries(library=True)
        for one in entries:
            if one.name == name:
                return one
        raise Missing(
            f"There is no agent `{name}`.",
            code="agent_missing",
            advice=hint(name, [one.name for one in entries], "Agents"),
        )

    def route(self, task: str) -> Choice:
        """Return which agent a task is for, with the reasons.

        Raises:
            Missing: ``agent_missing`` when there is no agent at all.
        """
        agents = [one.agent for one in self.entries(library=True) if one.agent is not None]
        choice = route(task, agents)
        if choice is None:
            raise Missing(
                "There is no agent to give the task to.",
                code="agent_missing",
                advice="Make one with: kapell agents new NAME",
            )
        return choice

    def lint(self, entry: AgentEntry, names: Iterable[str] | None = None) -> tuple[Finding, ...]:
        """Return what the linter finds in an agent's file; nothing where it cannot be read.

        Args:
            entry: The agent.
            names: The agents there are, where the caller knows them already.
        """
        if entry.file is None:
            return ()
        known = self.names() if names is None else names
        subject = subject_of(entry.file, entry.path, entry.agent, self._tools, known)
        return lint(subject, self._tuning)

    def names(self) -> frozenset[str]:
        """Return the names of all agents, those of the library among them."""
        return frozenset(one.name for one in self.entries(library=True))

    def skills(self) -> tuple[SkillEntry, ...]:
        """Return the skills of the workspace, by name, with what the linter finds in them."""
        found = []
        for entry in self._workspace.list_skills():
            said = () if entry.skill is None else lint(skill_subject(entry.skill), self._tuning)
            errors = [one.problem for one in said if one.level is Level.ERROR]
            others = [one.problem for one in said if one.level is not Level.ERROR]
            found.append(
                msgspec.structs.replace(
                    entry,
                    problems=(*entry.problems, *errors),
                    warnings=(*entry.warnings, *others),
                )
            )
        return tuple(found)

    def linted(self, entry: AgentEntry, names: Iterable[str] | None = None) -> AgentEntry:
        """Return an entry whose problems and warnings hold the linter's findings too."""
        found = self.lint(entry, names)
        errors = [one.problem for one in found if one.level is Level.ERROR]
        others = [one.problem for one in found if one.level is not Level.ERROR]
        return msgspec.structs.replace(
            entry,
            problems=(*entry.problems, *errors),
            warnings=(*entry.warnings, *others),
        )
