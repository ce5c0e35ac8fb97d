"""Content guards wired up: profiles out of the settings, and who seals the data behind names."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kapell.adapters.db.store import Store
from kapell.adapters.system.clock import SystemClock
from kapell.adapters.vault.sealing import key_of, master_of, new_master
from kapell.adapters.vault.tenants import TenantSeal
from kapell.bootstrap.keeping import KeyFinder, master_written, older_written
from kapell.core.gateway.providers import PROVIDERS
from kapell.core.guardrails.profiles import PROFILES, Line, Profile, kind_lines
from kapell.core.guardrails.rules import Rules, make_rules
from kapell.core.guardrails.standing import RIGOUR, ProfileName
from kapell.core.guardrails.verdicts import Place
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.services.guardrails.files import FileReader
from kapell.services.guardrails.models import ContentModelGate
from kapell.services.guardrails.moderating import Moderating, ModerationTerms
from kapell.services.guardrails.naming import Naming, Seal, key_gone
from kapell.services.guardrails.ports import Moderation
from kapell.services.guardrails.tools import ContentToolGate
from kapell.services.guardrails.treating import Treatments
from kapell.settings.guarding.guardrails import GuardrailSettings
from kapell.settings.loading import Settings
from kapell.settings.sections import ProviderSection
from kapell.settings.spending import VaultSettings


class Content(msgspec.Struct, frozen=True):
    """What looks over everything that passes the doors of an app."""

    models: ContentModelGate
    tools: ContentToolGate
    naming: Naming
    moderation: Moderation | None = None

    async def close(self) -> None:
        """Leave the service that moderates."""
        if self.moderation is not None:
            await self.moderation.close()


_PLACES: Mapping[str, Place] = {"answers": "answer", "requests": "request"}


def make_content(
    root: Path, settings: Settings, store: Store, files: FileReader, keys: KeyFinder
) -> Content:
    """Return what looks over everything that passes the doors.

    Raises:
        Invalid: ``guard_rules_broken``: patterns, topics or languages that cannot be looked for.
    """
    own = settings.guardrails
    treatments = Treatments(profiles(own), own.profile, own.least)
    naming = Naming(
        store.pseudonyms, MasterSeals(root, settings.vault, store), own.keep, SystemClock().now
    )
    restore = frozenset(own.restore)
    service = _moderation(settings, keys)
    moderating = None
    if service is not None:
        terms = ModerationTerms(
            places=frozenset(_PLACES[one] for one in own.moderation.looks),
            action=own.moderation.action,
            actions=own.moderation.actions,
            least=own.moderation.least,
        )
        moderating = Moderating(service, terms)
    return Content(
        ContentModelGate(treatments, naming, restore, moderating),
        ContentToolGate(treatments, naming, restore, files),
        naming,
        service,
    )


MODERATION_KEY = "KAPELL_GUARDRAILS__MODERATION__KEY"
"""Name of the service's own key, in the environment and in the vault."""


def _moderation(settings: Settings, keys: KeyFinder) -> Moderation | None:
    """Return the service that is asked; a provider's key goes to that provider only."""
    own = settings.guardrails.moderation
    if own.provider is None or not settings.guardrails.flags.content:
        return None
    from kapell.adapters.moderation.openai import (  # noqa: PLC0415 - speaks HTTP: on use
        OpenAIModeration,
    )

    provider = settings.providers.get(own.provider, ProviderSection())
    written = own.key if own.url or own.key is not None else provider.api_key
    names = (MODERATION_KEY, *(() if own.url else PROVIDERS[own.provider].key_names))

    async def key() -> str:
        if written is not None:
            return written.get_secret_value()
        return await keys.found(names, "moderation") or ""

    return OpenAIModeration(
        own.url or provider.base_url or PROVIDERS[own.provider].base_url,
        key,
        own.model,
        own.timeout,
    )


def profiles(own: GuardrailSettings) -> Mapping[ProfileName, Profile]:
    """Return the profiles with what the settings add to each."""
    added = make_rules(
        patterns=own.patterns,
        topics=own.topics,
        words=own.words,
        only=own.only,
        languages=own.languages,
        allowed=own.allow,
    )
    lines = kind_lines(own.actions, own.patterns)
    return {name: _with(PROFILES[name], added, lines) for name in RIGOUR}


def _with(profile: Profile, added: Rules, lines: tuple[Line, ...]) -> Profile:
    usual = profile.rules
    rules = msgspec.structs.replace(
        added, kinds=usual.kinds, least=usual.least, topics=usual.topics | added.topics
    )
    return msgspec.structs.replace(profile, rules=rules, actions=(*lines, *profile.actions))


class MasterSeals:
    """Seals of tenants, made of the vault's master keys; read when they are first needed.

    Args:
        root: The workspace.
        settings: Where the master keys come from.
        store: Knows what lies sealed already.
    """

    def __init__(self, root: Path, settings: VaultSettings, store: Store) -> None:
        self._path = root / settings.file
        self._settings = settings
        self._store = store
        self._keys: dict[str, bytes] = {}
        self._today = ""
        self._made: dict[tuple[str, str], TenantSeal] = {}

    async def today(self, tenant_id: TenantId) -> Seal:
        """Return the seal for new values; where nothing is sealed yet, a master key is made.

        Raises:
            Denied: ``pseudonym_key_gone``, ``master_key_open``; Invalid: ``master_key_wrong``.
        """
        self._read()
        if not self._today:
            if await self._store.keys.keys(tenant_id) or await self._store.pseudonyms.masters(
                tenant_id
            ):
                raise key_gone()
            self._make()
            self._read()
        return self._of(tenant_id, self._today)

    def of(self, tenant_id: TenantId, master: str) -> Seal | None:
        """Return the seal of a master key, None when that is not here."""
        self._read()
        return self._of(tenant_id, master) if master in self._keys else None

    def _of(self, tenant: TenantId, master: str) -> TenantSeal:
        found = self._made.get((tenant, master))
        if found is None:
            found = self._made[tenant, master] = TenantSeal(self._keys[master], tenant)
        return found

    def _read(self) -> None:
        """Read the master keys, until there is one for new values."""
        if self._today:
            return
        for older in older_written(self._settings):
            self._add(*older)
        written = master_written(self._settings, self._path)
        if written is not None:
            self._today = self._add(*written)

    def _add(self, text: str, whence: str) -> str:
        key = key_of(text, whence)
        name = master_of(key)
        self._keys[name] = key
        return name

    def _make(self) -> None:
        try:
            new_master(self._path)
        except Denied:
            pass  # another process was quicker: there is one now
        except OSError as error:
            raise Denied(
                f"Personal data cannot be sealed: {self._path} cannot be written.",
                code="master_key_missing",
                advice="Set KAPELL_VAULT__MASTER, or let the file be written.",
            ) from error
