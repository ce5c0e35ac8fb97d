"""The ports of the tool services without a disk: artifacts and run folders in memory."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from kapell.kit.errors import Missing
from kapell.kit.ids import TenantId
from kapell.kit.json import Digest, digest
from kapell.services.tools.ports import FetchBlob


class MemoryBlobs:
    """Artifacts in a dictionary, shared by all tenants; ``fetched`` counts what was asked for."""

    def __init__(self) -> None:
        self.items: dict[Digest, bytes] = {}
        self.fetched: list[Digest] = []

    def add(self, data: bytes) -> Digest:
        """Keep bytes and return their digest."""
        key = digest(data)
        self.items[key] = data
        return key

    async def get(self, tenant_id: TenantId, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
        """Return the bytes.

        Raises:
            Missing: ``artifact_unknown``.
        """
        self.fetched.extend(digests)
        try:
            return {key: self.items[key] for key in digests}
        except KeyError as error:
            raise Missing(
                "The artifact is not there.",
                code="artifact_unknown",
                advice="Put it into the store before the call.",
            ) from error


class MemoryFolders:
    """Run folders that exist in name only; ``held`` tells what each was asked to hold."""

    def __init__(self) -> None:
        self.held: list[tuple[str, Mapping[str, Digest]]] = []
        self.active = 0

    @asynccontextmanager
    async def hold(
        self, folder: str, files: Mapping[str, Digest], blob: FetchBlob
    ) -> AsyncIterator[None]:
        """Note the wish and count who is inside."""
        self.held.append((folder, files))
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
