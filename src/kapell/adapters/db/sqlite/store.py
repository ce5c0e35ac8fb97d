"""The store in one SQLite file."""

from kapell.adapters.db.audit import SqlAudit
from kapell.adapters.db.reader import SqlReader
from kapell.adapters.db.sealed.keys import SqlKeys
from kapell.adapters.db.sealed.pseudonyms import SqlPseudonyms
from kapell.adapters.db.sqlite.counts import SqliteCounts
from kapell.adapters.db.sqlite.deployments import SqliteDeployments
from kapell.adapters.db.sqlite.doorbell import SqliteDoorbell
from kapell.adapters.db.sqlite.log import SqliteLog
from kapell.adapters.db.sqlite.readers import Readers
from kapell.adapters.db.sqlite.starts import SqliteArtifacts, SqliteResults, SqliteStarts
from kapell.adapters.db.sqlite.writing.writer import Writer


class SqliteStore:
    """All ports on one file; made by ``open_store``."""

    def __init__(self, path: str, durability: str) -> None:
        self._writer = Writer(path, full=durability == "full")
        self._readers = Readers(path, self._writer)
        self.doorbell = SqliteDoorbell(self._writer)
        self.log = SqliteLog(self._writer, self._readers, self.doorbell)
        self.starts = SqliteStarts(self._writer, self._readers, self.doorbell)
        self.artifacts = SqliteArtifacts(self._writer, self._readers)
        self.results = SqliteResults(self._writer, self._readers)
        self.deployments = SqliteDeployments(self._writer, self._readers)
        self.counts = SqliteCounts(self._writer, self._readers)
        self.keys = SqlKeys(self._readers)
        self.pseudonyms = SqlPseudonyms(self._readers)
        self.audit = SqlAudit(self._readers)
        self.reader = SqlReader(self._readers)

    async def open(self) -> None:
        """Open the file; a new one gets its schema."""
        await self._writer.open()
        self._readers.open()

    async def close(self) -> None:
        """Commit what waits and close every connection."""
        await self.doorbell.close()
        await self._readers.close()
        await self._writer.close()
