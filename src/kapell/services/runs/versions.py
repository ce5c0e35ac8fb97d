"""Compiled versions as runs refer to them: read once per process, laid out once."""

import msgspec

from kapell.core.runs.program import Program
from kapell.core.workflows.version import Version
from kapell.kit.ids import TenantId, VersionHash
from kapell.services.runs.ports import RunStarts


class Versions:
    """Keeps versions and their programs by hash; a version never changes, so neither do they."""

    def __init__(self, starts: RunStarts) -> None:
        self._starts = starts
        self._programs: dict[tuple[TenantId, VersionHash], Program] = {}
        self._saved: set[tuple[TenantId, VersionHash]] = set()

    async def program(self, tenant: TenantId, version: VersionHash) -> Program:
        """Return the program of a stored version.

        Raises:
            Missing: ``version_unknown``.
        """
        found = self._programs.get((tenant, version))
        if found is None:
            body = await self._starts.load_version(tenant, version)
            found = Program(msgspec.json.decode(body, type=Version))
            self._programs[tenant, version] = found
        return found

    async def save(self, tenant: TenantId, version: VersionHash, compiled: Version) -> None:
        """Store a version unless this process has done so before."""
        if (tenant, version) in self._saved:
            return
        body = msgspec.json.encode(compiled)
        await self._starts.save_version(tenant, version, compiled.name, body)
        self._saved.add((tenant, version))
