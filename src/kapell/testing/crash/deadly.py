"""A log that kills its process at the right moment."""

import os
import signal

from kapell.services.runs.ports import Append, Appended, RunLog
from kapell.testing.crash.mission import Mission


class DeadlyLog:
    """A log that kills its process at an append; everything else is the real log's."""

    def __init__(self, log: RunLog, mission: Mission) -> None:
        self._log = log
        self._job = mission
        self._count = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def append(self, append: Append) -> Appended:
        """Append, and die before or after the one that was named."""
        self._count += 1
        mine = self._count == self._job.at
        if mine and self._job.kill == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        appended = await self._log.append(append)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return appended
