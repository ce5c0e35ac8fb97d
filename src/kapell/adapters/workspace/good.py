"""The last good version of each agent's file, kept beside the workspace's state.

A file that somebody is in the middle of editing must not stop new runs: they use what was last
valid, in this process and in every other of the workspace.
"""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kapell.adapters.workspace.whole import write_whole
from kapell.core.agents.definition import Agent
from kapell.kit.json import digest
from kapell.services.workflows.good import Kept

_FOLDER = "agents"


class GoodAgentFiles:
    """Keeps agents as JSON below a folder; where it may not write, in memory only.

    Args:
        state: The folder of the workspace's state.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / _FOLDER
        self._kept: dict[str, Kept] = {}

    def last(self, path: str) -> Kept | None:
        """Return the last good version of an agent's file, None when there never was one."""
        try:
            data = self._place(path).read_bytes()
            found = msgspec.json.decode(data, type=Kept)
        except (OSError, msgspec.MsgspecError):
            return self._kept.get(path)
        return found if found.path == path else None

    def keep(self, path: str, agent: Agent) -> None:
        """Keep the version of an agent's file that was just read; an equal one stays as it is."""
        before = self._kept.get(path) or self.last(path)
        if before is not None and before.agent == agent:
            self._kept[path] = before
            return
        saved = datetime.now(UTC).isoformat(timespec="seconds")
        kept = self._kept[path] = Kept(path=path, saved=saved, agent=agent)
        # A workspace that cannot be written to still has what this process remembers.
        with suppress(OSError):
            write_whole(self._place(path), msgspec.json.encode(kept))

    def _place(self, path: str) -> Path:
        return self._folder / f"{digest(path.encode())[:32]}.json"
