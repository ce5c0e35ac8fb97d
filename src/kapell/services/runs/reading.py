"""Reading runs whole: their events page by page, their state folded."""

from collections.abc import Sequence

from kapell.core.events.envelope import Event
from kapell.core.events.value import ArtifactRef, Packed
from kapell.core.runs.fold import fold
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.ids import RunId, TenantId, VersionHash
from kapell.kit.json import Digest, Json, decode
from kapell.services.runs.ports import ArtifactStore, RunReader
from kapell.services.runs.versions import Versions

_PAGE = 2000


class Histories:
    """Reads logs and folds them, for looking and for forking; owns nothing."""

    def __init__(
        self, tenant: TenantId, reader: RunReader, artifacts: ArtifactStore, versions: Versions
    ) -> None:
        self._tenant = tenant
        self._reader = reader
        self._artifacts = artifacts
        self._versions = versions

    async def events(self, run: RunId, up_to: int | None = None) -> tuple[Event, ...]:
        """Return a run's events, all or up to a sequence number."""
        found: list[Event] = []
        while up_to is None or len(found) < up_to:
            page = await self._reader.events(self._tenant, run, len(found), _PAGE)
            found.extend(page)
            if len(page) < _PAGE:
                break
        return tuple(found if up_to is None else found[:up_to])

    async def program(self, version: VersionHash) -> Program:
        """Return the program a run carries out."""
        return await self._versions.program(self._tenant, version)

    async def state(self, events: Sequence[Event]) -> tuple[Program, State]:
        """Return the state after events that begin with the run's first."""
        summary = await self._reader.run(self._tenant, events[0].run_id)
        program = await self.program(summary.version)
        return program, fold(program, events)

    async def value(self, packed: Packed) -> Json:
        """Return a packed value, fetched when it is an artifact."""
        if isinstance(packed, ArtifactRef):
            blobs = await self._artifacts.get(self._tenant, (packed.digest,))
            return decode(blobs[packed.digest])
        return packed.value

    async def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """Return artifacts."""
        return dict(await self._artifacts.get(self._tenant, tuple(digests))) if digests else {}
