"""The bytes that a call would take along, read as the tool itself will find them."""

import hashlib

from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.sources import Source, source_of
from kapell.adapters.tools.threads import Stop, in_thread
from kapell.kit.errors import Invalid, Missing
from kapell.kit.json import Digest, Json
from kapell.services.tools.ports import BlobStore, RunFolder, ToolCall

_ANY_SIZE = 1 << 62
_PIECE = 1 << 20


class CallFiles:
    """Reads files that arguments name, in the run's folder as its log tells of it.

    Args:
        folders: Puts the run's folder into that state.
        artifacts: Holds what the folder is made of, and file inputs.
    """

    def __init__(self, folders: RunFolder, artifacts: BlobStore) -> None:
        self._folders = folders
        self._artifacts = artifacts

    async def read(self, call: ToolCall, path: Json, limit: int) -> tuple[bytes, Digest] | None:
        """Return the first ``limit`` bytes of what a path names, and the digest of them all.

        None when it is no file.

        Raises:
            KapellError: Denied ``path_outside``, ``path_hidden``; what the system or the artifact
                store says.
        """

        async def fetch(digest: Digest) -> bytes:
            return (await self._artifacts.get(call.tenant_id, (digest,)))[digest]

        async with self._folders.hold(call.folder, call.files, fetch):
            try:
                source = await source_of(call, fetch, path, _ANY_SIZE, "")
            except (Missing, Invalid) as error:
                if error.code in ("file_missing", "path_is_folder"):
                    return None
                raise
            try:
                return await in_thread(lambda stop: _read(source, limit, stop))
            except OSError as error:
                raise translated(error, source.name) from error
            finally:
                source.close()


def _read(source: Source, limit: int, stop: Stop) -> tuple[bytes, Digest]:
    head = source.stream.read(limit)
    seen = hashlib.sha256(head)
    while piece := source.stream.read(_PIECE):
        stop.check()
        seen.update(piece)
    return head, Digest(seen.hexdigest())
