"""The store in a Postgres database."""

from kapell.adapters.db.audit import SqlAudit
from kapell.adapters.db.postgres.counts import PostgresCounts
from kapell.adapters.db.postgres.deployments import PostgresDeployments
from kapell.adapters.db.postgres.doorbell import PostgresDoorbell
from kapell.adapters.db.postgres.log import PostgresLog
from kapell.adapters.db.postgres.pool import Connections
from kapell.adapters.db.postgres.starts import PostgresArtifacts, PostgresResults, PostgresStarts
from kapell.adapters.db.postgres.writer import Writer
from kapell.adapters.db.reader import SqlReader
from kapell.adapters.db.sealed.keys import SqlKeys
from kapell.adapters.db.sealed.pseudonyms import SqlPseudonyms


class PostgresStore:
    """All ports on one database; made by ``open_store``."""

    def __init__(self, url: str) -> None:
        self._writer = Writer(url)
        self._pool = Connections(url)
        self.doorbell = PostgresDoorbell(url, self._pool)
        self.log = PostgresLog(self._writer, self._pool, self.doorbell)
        self.starts = PostgresStarts(self._writer, self._pool, self.doorbell)
        self.artifacts = PostgresArtifacts(self._pool)
        self.results = PostgresResults(self._pool)
        self.deployments = PostgresDeployments(self._pool)
        self.counts = PostgresCounts(self._pool)
        self.keys = SqlKeys(self._pool)
        self.pseudonyms = SqlPseudonyms(self._pool)
        self.audit = SqlAudit(self._pool)
        self.reader = SqlReader(self._pool)

    async def open(self) -> None:
        """Connect; the schema must be this release's."""
        await self._writer.open()
        await self._pool.open()

    async def close(self) -> None:
        """Commit what waits and disconnect."""
        await self.doorbell.close()
        await self._writer.close()
        await self._pool.close()
