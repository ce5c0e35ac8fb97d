"""Anchors as files, one for each tenant, in a folder that is not the database's."""

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TextIO

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


class Keys(Protocol):
    """The keys that seal."""

    def current(self) -> Seals:
        """Return what seals new anchors."""
        ...

    def known(self) -> Sequence[Seals]:
        """Return everything whose seals can be checked here."""
        ...

    def used(self) -> bool:
        """Tell whether a key was made for anchors: then there were some."""
        ...


_BEGINNING = "beginning\n"
"""What the lock holds from before the first anchor's key is made until that anchor is there."""


class FileAnchors:
    """Keeps sealed heads in a folder.

    Args:
        folder: Where; made when the first is kept.
        keys: What seals them.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys

    async def load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        """Return the anchor of a tenant and whether its seal holds."""
        return await asyncio.to_thread(self._load, tenant_id)

    async def save(
        self, tenant_id: TenantId, head: Head, at: float, *, anyway: bool = False
    ) -> None:
        """Seal a head and keep it; one that is older than what is there changes nothing."""
        await asyncio.to_thread(self._save, tenant_id, head, at, anyway)

    async def begin(self, tenant_id: TenantId, at: float) -> None:
        """Keep the head of a record without entries, unless anchors were sealed here before."""
        await asyncio.to_thread(self._begin, tenant_id, at)

    def _load(self, tenant_id: TenantId) -> tuple[Anchor | None, Sealed]:
        anchor = self._read(tenant_id)
        if anchor is None:
            return None, "unknown"
        for signer in self._keys.known():
            if signer.name == anchor.key:
                good = signer.holds(sealed_text(anchor), anchor.seal)
                return anchor, "good" if good else "forged"
        return anchor, "unknown"

    def _save(self, tenant_id: TenantId, head: Head, at: float, anyway: bool) -> None:
        with self._locked(tenant_id):
            before = None if anyway else self._read(tenant_id)
            if before is None or before.seq < head.seq:
                self._put(tenant_id, head, at)

    def _begin(self, tenant_id: TenantId, at: float) -> None:
        with self._locked(tenant_id) as lock:
            # A kill between the key and its first anchor is no reason to miss that anchor.
            lock.seek(0)
            interrupted = lock.read() == _BEGINNING
            if self._read(tenant_id) is None and (interrupted or not self._keys.used()):
                lock.truncate(0)
                lock.write(_BEGINNING)
                lock.flush()
                os.fsync(lock.fileno())
                self._put(tenant_id, Head(), at)
            lock.truncate(0)

    def _put(self, tenant_id: TenantId, head: Head, at: float) -> None:
        signer = self._keys.current()
        anchor = unsealed(tenant_id, head, at, signer.name)
        anchor = msgspec.structs.replace(anchor, seal=signer.seal(sealed_text(anchor)))
        _replace(self._path(tenant_id), encode(anchor) + b"\n")

    @contextmanager
    def _locked(self, tenant_id: TenantId) -> Iterator[TextIO]:
        """Hold the lock of a tenant's anchor; yield its file.

        Raises:
            Unavailable: ``anchor_unwritable``.
        """
        path = self._path(tenant_id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".lock").open("a+", encoding="ascii", errors="replace") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield lock
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
    draft = path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with draft.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
