"""Run starts, artifacts and cached results in memory."""

from collections.abc import Mapping, Sequence

from kapell.kit.errors import Missing
from kapell.kit.ids import TenantId, VersionHash
from kapell.kit.json import Digest
from kapell.kit.text import checked
from kapell.services.runs.ports import Message, NewRun, Started
from kapell.testing.stores.bell import MemoryDoorbell
from kapell.testing.stores.state import State


class MemoryStarts:
    """Beginning runs and telling them things."""

    def __init__(self, state: State, doorbell: MemoryDoorbell) -> None:
        self._state = state
        self._doorbell = doorbell

    async def start(self, runs: Sequence[NewRun]) -> tuple[Started, ...]:
        """Store new runs, each once per key, all or none."""
        started = self._state.start(runs)
        await self._doorbell.ring([one.run_id for one in started])
        return started

    async def send(self, message: Message) -> bool:
        """Put a command into a run's inbox, wake the run and ring."""
        new = self._state.send(message)
        await self._doorbell.ring([message.run_id])
        return new

    async def save_version(
        self, tenant_id: TenantId, version: VersionHash, name: str, body: bytes
    ) -> None:
        """Keep a compiled version; the same hash again is nothing new."""
        checked(tenant_id, version, name)
        self._state.versions.setdefault((tenant_id, version), body)

    async def load_version(self, tenant_id: TenantId, version: VersionHash) -> bytes:
        """Return a compiled version."""
        body = self._state.versions.get((tenant_id, version))
        if body is None:
            raise Missing(
                f"The store has no version {version!r}.",
                code="version_unknown",
                advice="Start the run anew from its workflow file.",
            )
        return body


class MemoryArtifacts:
    """Large values."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes."""
        for digest in digests:
            if (tenant_id, digest) not in self._state.artifacts:
                raise Missing(
                    f"The store has no artifact {digest!r}.",
                    code="artifact_unknown",
                    advice="Import the run again with its artifacts.",
                )
        return {digest: self._state.artifacts[tenant_id, digest] for digest in digests}

    async def put(self, tenant_id: TenantId, items: Mapping[Digest, bytes]) -> None:
        """Keep bytes under their digests."""
        self._state.keep(tenant_id, items)


class MemoryResults:
    """Results of steps that say ``cache``."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(self, tenant_id: TenantId, key: str) -> bytes | None:
        """Return the live result under ``key``."""
        body, expires = self._state.results.get((tenant_id, key), (b"", 0.0))
        return body if expires > self._state.now() else None

    async def put(self, tenant_id: TenantId, key: str, body: bytes, ttl: float) -> None:
        """Keep a result for ``ttl`` seconds."""
        checked(tenant_id, key)
        self._state.results[tenant_id, key] = (body, self._state.now() + ttl)
