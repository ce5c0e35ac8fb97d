"""The last good version of a workspace's policies, kept beside the workspace's state.

A file that somebody is in the middle of editing must not stop calls, and must not let any through:
the last version that could be used holds, in this process and in the next one.
"""

from contextlib import suppress
from pathlib import Path

import msgspec

from kapell.adapters.workspace.whole import write_whole
from kapell.services.policies.ports import Sources

_FILE = "policies.json"


class GoodPolicyFiles:
    """Keeps policies as JSON; where it may not write, in memory only.

    Args:
        state: The folder of the workspace's state.
    """

    def __init__(self, state: Path) -> None:
        self._place = state / _FILE
        self._kept: Sources | None = None

    def last(self) -> Sources | None:
        """Return the sources of the last good version, None when there never was one."""
        try:
            return msgspec.json.decode(self._place.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return self._kept

    def keep(self, sources: Sources) -> None:
        """Keep a version that was found good; an equal one stays as it is."""
        if self._kept == sources or self.last() == sources:
            self._kept = sources
            return
        self._kept = dict(sources)
        with suppress(OSError):
            write_whole(self._place, msgspec.json.encode(self._kept))
