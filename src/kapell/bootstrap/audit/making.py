"""The audit record of a workspace: table, anchors, the keys that seal them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from kapell.adapters.audit.anchors import FileAnchors, Seals
from kapell.adapters.audit.signing import PURPOSE, Signer, key_of, read_key, unusable
from kapell.adapters.db.store import Store
from kapell.adapters.vault.keyfiles import derived, write_key
from kapell.bootstrap.audit.reporting import make_reporter, versions
from kapell.bootstrap.keeping import master_written, older_written
from kapell.core.audit.hiding import hidden
from kapell.services.audit.keeping import Auditor
from kapell.services.audit.reporting import Reporter
from kapell.services.audit.verifying import Verifier
from kapell.services.runs.starting import Identity
from kapell.settings.loading import Settings


class Audit(msgspec.Struct, frozen=True):
    """Who writes the record, who verifies it, and who reports on it."""

    auditor: Auditor
    verifier: Verifier
    reporter: Reporter


class SealKeys:
    """The keys that seal anchors, read anew each time: they may change while a worker goes on.

    Args:
        root: The workspace.
        settings: Where its keys are.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self._own = root / settings.audit.key
        self._file = root / settings.vault.file
        self._vault = settings.vault

    def current(self) -> Seals:
        """Return what seals: by the master key, or by a key of its own where there is none.

        Raises:
            Invalid: ``audit_key_wrong``; Denied: ``audit_key_open``.
        """
        found = self._master() or self._kept()
        if found is None:
            try:
                write_key(self._own)
            except FileExistsError:
                pass  # another process was quicker
            except OSError as error:
                raise unusable(self._own, error) from error
            found = self._kept()
        if found is None:
            raise unusable(self._own, OSError(0, "a link there leads nowhere"))
        return found

    def known(self) -> Sequence[Seals]:
        """Return everything whose seals can be checked."""
        found = [
            self._master(),
            self._kept(),
            *(_signer(*older) for older in older_written(self._vault)),
        ]
        return [one for one in found if one is not None]

    def used(self) -> bool:
        """Tell whether there is a key of its own: then there were anchors."""
        return self._own.exists()

    def _kept(self) -> Signer | None:
        key = read_key(self._own)
        return None if key is None else Signer(derived(key, PURPOSE))

    def _master(self) -> Signer | None:
        written = master_written(self._vault, self._file)
        return None if written is None else _signer(*written)


def _signer(text: str, whence: str) -> Signer:
    return Signer(derived(key_of(text, whence), PURPOSE))


def make_audit(root: Path, settings: Settings, store: Store, who: Identity) -> Audit:
    """Return the audit record of a workspace; nothing is read yet."""
    keys = SealKeys(root, settings)
    anchors = FileAnchors(root / settings.audit.anchor, keys)
    auditor = Auditor(
        store.audit,
        anchors,
        clock=who.clock,
        mask=hidden,
        tenant=who.tenant,
        actor=who.actor,
        whence=who.whence,
        versions=partial(versions, root, settings),
    )
    verifier = Verifier(store.audit, anchors, auditor, who.tenant)
    reporter = make_reporter(root, settings, verifier, who.tenant, who.clock)
    return Audit(auditor, verifier, reporter)
