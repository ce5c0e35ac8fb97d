"""The vault wired up: its master key, and providers whose keys lie in it."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from kapell.adapters.db.store import Store, open_store
from kapell.adapters.llm.factories import factory
from kapell.adapters.llm.settings import ProviderSettings
from kapell.adapters.system.clock import SystemClock, random_bits
from kapell.adapters.vault.sealing import PlainSealer, new_master, read_master, sealer_of
from kapell.core.gateway.providers import PROVIDERS
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL, TenantId
from kapell.services.gateway.ports import ModelFactory, ModelPort
from kapell.services.vault.ports import KeyUse, Sealer
from kapell.services.vault.vault import PLAIN, Vault
from kapell.settings.loading import Settings, load_settings
from kapell.settings.spending import VaultSettings

_SQLITE = "sqlite:///"
PATIENCE = 30.0
"""Seconds a provider's adapter waits for its key."""


def master_written(own: VaultSettings, path: Path) -> tuple[str, str] | None:
    """Return the text of the master key and whence it comes; None where there is none.

    Raises:
        Denied: ``master_key_open``.
    """
    if own.master is not None:
        return own.master.get_secret_value(), "KAPELL_VAULT__MASTER"
    text = read_master(path)
    return (text, str(path)) if text else None


def older_written(own: VaultSettings) -> tuple[tuple[str, str], ...]:
    """Return the texts of the master keys of before, and whence each comes."""
    texts = own.older.get_secret_value().split(",") if own.older else []
    return tuple((text, "KAPELL_VAULT__OLDER") for text in texts if text.strip())


def make_vault(
    root: Path,
    settings: Settings,
    store: Store,
    tenant: TenantId,
    actor: str,
    witness: Callable[[KeyUse], Awaitable[None]] | None = None,
) -> Vault:
    """Return the vault of a workspace; without a master key it opens and seals nothing.

    Raises:
        Invalid: ``master_key_wrong``.
        Denied: ``master_key_open``.
    """
    own = settings.vault
    written = master_written(own, root / own.file)
    sealer: Sealer | None = None if written is None else sealer_of(*written)
    older: dict[str, Sealer] = {}
    for text, whence in older_written(own):
        old = sealer_of(text, whence)
        older[old.master] = old
    if own.plaintext:
        older[PLAIN] = PlainSealer()
        sealer = sealer or PlainSealer()
    return Vault(
        store.keys,
        sealer,
        older,
        tenant=tenant,
        actor=actor,
        clock=SystemClock(),
        random=random_bits,
        witness=witness,
    )


def init_master(root: Path) -> Path:
    """Write a master key for a workspace and return its file.

    Raises:
        Denied: ``master_key_exists``.
    """
    path = root / load_settings(root).vault.file
    new_master(path)
    return path


async def with_kept_keys(settings: Settings) -> Settings:
    """Return settings in which providers whose key lies in the vault look as if it were set.

    For checks and lists: the key itself is not read. A database that is away has none.
    """
    url = settings.database.url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file():  # noqa: ASYNC240 - one look
        return settings
    store = open_store(url)
    try:
        await store.open()
        try:
            names = {one.name for one in await store.keys.keys(LOCAL)}
        finally:
            await store.close()
    except KapellError:
        return settings
    providers = {
        prefix: own.model_copy(update={"api_key": SecretStr("(in the vault)")})
        if own.api_key is None and names & set(PROVIDERS[prefix].key_names)
        else own
        for prefix, own in settings.providers.items()
    }
    return settings.model_copy(update={"providers": providers})


@dataclass(frozen=True, slots=True)
class KeyFinder:
    """Finds keys of providers in the vault, for factories that run in threads of their own."""

    vault: Callable[[], Vault]
    loop: asyncio.AbstractEventLoop

    def key(self, names: Sequence[str], reason: str) -> str | None:
        """Return the first key there is under one of the names; waits for the event loop."""
        return asyncio.run_coroutine_threadsafe(self.found(names, reason), self.loop).result(
            PATIENCE
        )

    async def found(self, names: Sequence[str], reason: str) -> str | None:
        """Return the first key there is under one of the names, in the event loop itself."""
        vault = self.vault()
        for name in names:
            if (key := await vault.key(name, reason)) is not None:
                return key
        return None


def vaulted(
    prefix: str, settings: ProviderSettings, names: Sequence[str], finder: KeyFinder
) -> ModelFactory:
    """Return the factory of a provider's adapter that looks into the vault when it has no key."""
    return functools.partial(_made, prefix, settings, tuple(names), finder)


def _made(
    prefix: str, settings: ProviderSettings, names: tuple[str, ...], finder: KeyFinder
) -> ModelPort:
    if settings.api_key is None:
        key = finder.key(names, f"calls of {prefix}")
        if key is not None:
            settings = replace(settings, api_key=SecretStr(key))
    return factory(prefix, settings)()
