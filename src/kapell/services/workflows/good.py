"""What keeps the last good version of an agent's file."""

from typing import Protocol

import msgspec

from kapell.core.agents.definition import Agent


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The last good version of an agent's file, and when it was first seen."""

    path: str
    saved: str
    agent: Agent


class GoodAgents(Protocol):
    """Keeps the last good version of each agent's file."""

    def last(self, path: str) -> Kept | None:
        """Return the last good version of a file, None when there never was one."""
        ...

    def keep(self, path: str, agent: Agent) -> None:
        """Keep the version that was just read."""
        ...
