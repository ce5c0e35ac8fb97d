"""Which agents an agent may ask: found, pinned by name, and never in a circle."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.agents.delegation import DEPTH, PREFIX, named
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.gateway.routing.route import Routes
from kapell.core.workflows.models import resolve_model
from kapell.services.workflows.agents import AgentShelf


class Team:
    """Gathers everybody that the agents of one workflow may ask, directly or through others.

    Args:
        shelf: Where agents are found.
        routes: What short names of models mean.
        problems: Takes what is wrong.
    """

    def __init__(self, shelf: AgentShelf, routes: Routes, problems: Problems) -> None:
        self._shelf = shelf
        self._routes = routes
        self._problems = problems
        self._found: dict[str, Agent | None] = {}

    def gather(self, agents: Mapping[str, Agent | None]) -> dict[str, Agent | None]:
        """Return the agents and all they may ask, each with those it asks listed by name."""
        for name, agent in agents.items():
            self._visit(name, agent, ())
        return self._found

    def _visit(self, name: str, agent: Agent | None, above: tuple[str, ...]) -> None:
        chain = (*above, name)
        if name in above or len(chain) > DEPTH:
            self._circle(chain)
            return
        if name in self._found and not above:
            return
        asked = self._asked(agent) if agent is not None else []
        self._found[name] = None if agent is None else self._pinned(agent, asked)
        for other in asked:
            self._visit(other, self._shelf.find(other, self._problems), chain)

    def _circle(self, chain: tuple[str, ...]) -> None:
        if chain[-1] in chain[:-1]:
            chain = chain[chain.index(chain[-1]) :]
            message = f"These agents ask each other in a circle: {' -> '.join(chain)}."
        else:
            message = f"More than {DEPTH} agents ask one below the other: {' -> '.join(chain)}."
        self._problems.error(
            "agent_cycle",
            message,
            self._shelf.place(chain[0], "tools"),
            "Let one of them answer by itself: take the others out of its `tools`.",
        )

    def _asked(self, agent: Agent) -> list[str]:
        """Return the names of those an agent may ask; ``agent.*`` means who asks nobody himself."""
        known = self._shelf.names() - {agent.name}
        asked: set[str] = set()
        for pattern in filter(None, map(named, agent.tools or ())):
            if any(sign in pattern for sign in "*?["):
                asked.update(one for one in known if fnmatchcase(one, pattern) and self._last(one))
            elif pattern in known:
                asked.add(pattern)
            else:
                self._nobody(agent, pattern)
        return sorted(asked)

    def _last(self, name: str) -> bool:
        agent = self._shelf.find(name, Problems())
        return agent is not None and not any(map(named, agent.tools or ()))

    def _nobody(self, agent: Agent, name: str) -> None:
        itself = name == agent.name
        self._problems.error(
            "agent_cycle" if itself else "agent_unknown",
            f"The agent `{agent.name}` may not ask itself."
            if itself
            else f"There is no agent `{name}` for `{agent.name}` to ask.",
            self._shelf.place(agent.name, "tools"),
            f"Take `{PREFIX}{name}` out of its `tools`."
            if itself
            else hint(name, self._shelf.names(), "Known agents"),
        )

    def _pinned(self, agent: Agent, asked: list[str]) -> Agent:
        tools = agent.tools
        if tools is not None:
            own = [one for one in tools if not named(one)]
            tools = (*own, *(PREFIX + one for one in asked))
        place = self._shelf.place(agent.name, "model")
        model = resolve_model(agent.model, self._routes, place, Problems())
        return msgspec.structs.replace(agent, tools=tools, model=model or agent.model)
