"""What a forked process is asked to do."""

from typing import Literal

import msgspec


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """A worker on a workspace.

    ``kill`` ends its process by SIGKILL just before, or just after, its ``at``-th append is
    durable; "" lets it live. ``until`` makes it leave when that run has
    ended; "" lets it work until it is ended by SIGTERM.
    """

    workspace: str
    worker: str
    kill: Literal["", "before", "after"] = ""
    at: int = 0
    until: str = ""
    runs: int = 500
    lease: float = 3.0
