"""How much a server may say at once: the rest is not kept, and whoever called is told."""

import logging

from kapell.services.tools.executor import RESULT_LIMIT

LONGEST = RESULT_LIMIT
"""Bytes one message may have; a result that is larger would not be kept either."""
_LAST = 400
"""Bytes of a server's complaints that are kept: their end says why it gave up."""
_SHOWN = 200
_log = logging.getLogger("kapell.tools")


class Heard:
    """What was heard of a server beside its messages.

    Args:
        server: What the settings call it.

    Attributes:
        flooded: Whether a message was longer than we take.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._last = b""
        self._junk = False
        self.flooded = False

    def complaint(self, data: bytes) -> None:
        """Take what it writes to its standard error; only the end of it is kept."""
        self._last = (self._last + data[-_LAST:])[-_LAST:]

    @property
    def last_words(self) -> str:
        """Return the last line it wrote to its standard error."""
        lines = self._last.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def junk(self, line: bytes) -> None:
        """Log the first line that is no message; servers greet, and some do so all the time."""
        if not self._junk:
            self._junk = True
            shown = line[:_SHOWN].decode("utf-8", "replace")
            _log.warning("the MCP server %s writes what is no message: %s", self._server, shown)
