"""Anchors as files, one for each tenant, in a folder that is not the database's."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from kapell.core.audit.anchor import Anchor, Sealed, sealed_text, unsealed
from kapell.core.audit.record import Head
from kapell.kit.errors import Conflict, Unavailable
from kapell.kit.ids import TenantId
from kapell.kit.json import digest, encode

_decoder: msgspec.json.Decoder[Anchor] = msgspec.json.Decoder(Anchor)


class Seals(Protocol):
    """What seals, and tells whether a seal holds."""

    name: str

    def seal(self, text: bytes) -> str:
        """Return the seal of a text."""
        ...

    def holds(self, text: bytes, seal: str) -> bool:
        """Tell whether a seal was made of this text."""
        ...


class FileAnchors:
    """Keeps sealed heads in a folder.

    Args:
        folder: Where; made when the first is kept.
        signer: Returns what seals new ones; asked for when one is kept.
        known: Returns everything whose seals can be checked here.
    """

    def __init__(
        self,
        folder: Path,
        signer: Callable[[], Seals],
        known: Callable[[], Sequence[Seals]],
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._known = known

    async def load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        """Return the anchor of a tenant and whether its seal holds."""
        return await asyncio.to_thread(self._load, tenant_id)

    async def save(
        self, tenant_id: TenantId, head: Head, at: float, *, anyway: bool = False
    ) -> None:
        """Seal a head and keep it; one that is older than what is there changes nothing."""
        await asyncio.to_thread(self._save, tenant_id, head, at, anyway)

    def _load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        anchor = self._read(tenant_id)
        if anchor is None:
            return None, "unknown"
        for signer in self._known():
            if signer.name == anchor.key:
                good = signer.holds(sealed_text(anchor), anchor.seal)
                return anchor, "good" if good else "forged"
        return anchor, "unknown"

    def _save(self, tenant_id: TenantId, head: Head, at: float, anyway: bool) -> None:
        path = self._path(tenant_id)
        signer = self._signer()
        anchor = unsealed(tenant_id, head, at, signer.name)
        anchor = msgspec.structs.replace(anchor, seal=signer.seal(sealed_text(anchor)))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                before = None if anyway else self._read(tenant_id)
                if before is None or before.seq < head.seq:
                    _replace(path, encode(anchor) + b"\n")
        except OSError as error:
            raise Unavailable(
                f"The head of the audit record cannot be kept at {path}: {error.strerror}.",
                code="anchor_unwritable",
                advice="Give the user of Kapell the right to write there, or name another folder "
                "with the setting `audit.anchor`.",
            ) from error

    def _read(self, tenant_id: TenantId) -> Anchor | None:
        path = self._path(tenant_id)
        try:
            return _decoder.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Conflict(
                f"The anchor of the audit record cannot be read: {path}.",
                code="anchor_unreadable",
                advice="Bring it back from a backup, or accept the record as it is with `kapell "
                "audit anchor --reason TEXT`.",
            ) from error

    def _path(self, tenant_id: TenantId) -> Path:
        # A tenant's name is no file name: it may hold what folders are made of.
        return self._folder / f"{digest(tenant_id.encode())[:16]}.json"


def _replace(path: Path, body: bytes) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
