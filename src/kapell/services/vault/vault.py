"""The vault: keys go in, and come out one at a time, for a reason that is on record first.

Nothing is done to a key, not even kept or forgotten, before that is on record: who is stopped in
between leaves a record of what did not happen, never the other way round.

Who asks gets the key for a call; nothing that is stored or shown holds it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from kapell.core.audit.hiding import hidden
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied, Invalid, Missing
from kapell.kit.ids import TenantId, sortable
from kapell.services.vault.ports import Action, KeyStore, KeyUse, SealedKey, Sealer

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LONGEST = 20_000


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A key as lists show it: everything but the key."""

    name: str
    version: int
    versions: int
    created_at: float
    sealed: bool
    readable: bool


class Vault:
    """Keeps the keys of a tenant.

    Args:
        store: Where they are kept, sealed.
        sealer: Seals new keys; None where there is no master key.
        older: Master keys of before, by their names, which still open what they sealed.
        tenant: Whose keys they are.
        actor: Who acts here, for the record.
        clock: The time of the record.
        random: Gives 64 random bits.
        witness: Is told of every use before it happens, and stops it when it fails.
    """

    def __init__(
        self,
        store: KeyStore,
        sealer: Sealer | None,
        older: Mapping[str, Sealer],
        *,
        tenant: TenantId,
        actor: str,
        clock: Clock,
        random: Callable[[], int],
        witness: Callable[[KeyUse], Awaitable[None]] | None = None,
    ) -> None:
        self._witness = witness
        self._store = store
        self._sealer = sealer
        self._openers = {**older, **({sealer.master: sealer} if sealer else {})}
        self._tenant = tenant
        self._actor = actor
        self._clock = clock
        self._random = random

    async def set(self, name: str, key: str, reason: str = "") -> int:
        """Keep a key, as a new version when there is one of that name; return its number.

        Raises:
            Invalid: ``key_name_wrong`` or ``key_empty``.
            Denied: ``vault_locked`` without a master key.
        """
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} cannot be the name of a key.",
                code="key_name_wrong",
                advice="Use letters, digits, dots, dashes and underscores, such as OPENAI_API_KEY.",
            )
        key = key.strip()
        if not key or len(key) > _LONGEST or not key.isprintable():
            raise Invalid(
                "That is no key: it is empty, too long, or holds what cannot be printed.",
                code="key_empty",
                advice="Give the key on standard input, in one line.",
            )
        sealer = self._sealing()
        body = sealer.seal(key, self._about(name))
        before = await self._store.newest(self._tenant, name)
        await self._note(name, 1 if before is None else before.version + 1, "set", reason)
        return await self._store.add(self._tenant, name, body, sealer.master)

    async def key(self, name: str, reason: str) -> str | None:
        """Return the newest version of a key, None when there is none; it is on record first.

        Raises:
            Denied: ``vault_locked`` or ``key_unreadable``.
        """
        found = await self._store.newest(self._tenant, name)
        if found is None:
            return None
        try:
            text = self._opened(found)
        except Denied:
            await self._note(name, found.version, "refused", reason)
            raise
        await self._note(name, found.version, "read", reason)
        return text

    async def infos(self) -> Sequence[KeyInfo]:
        """Return what there is, without opening anything."""
        newest: dict[str, SealedKey] = {}
        counts: dict[str, int] = {}
        for one in await self._store.keys(self._tenant):
            newest[one.name] = one
            counts[one.name] = counts.get(one.name, 0) + 1
        return [
            KeyInfo(
                name=name,
                version=one.version,
                versions=counts[name],
                created_at=one.created_at,
                sealed=one.master != PLAIN,
                readable=one.master in self._openers,
            )
            for name, one in sorted(newest.items())
        ]

    async def remove(self, name: str, reason: str = "") -> None:
        """Forget a key with all its versions.

        Raises:
            Missing: ``key_unknown``.
        """
        found = await self._store.newest(self._tenant, name)
        if found is None:
            raise Missing(
                f"The vault has no key {name!r}.",
                code="key_unknown",
                advice="See `kapell keys list` for those there are.",
            )
        await self._note(name, found.version, "removed", reason)
        await self._store.remove(self._tenant, name)

    async def reseal(self) -> int:
        """Seal everything with the master key of now; return how many versions were sealed anew.

        Raises:
            Denied: ``vault_locked``, or ``key_unreadable`` for one whose master key is not here.
        """
        sealer = self._sealing()
        old = [one for one in await self._store.keys(self._tenant) if one.master != sealer.master]
        texts = [self._opened(one) for one in old]  # all or nothing: none is lost half-way
        for one, text in zip(old, texts, strict=True):
            body = sealer.seal(text, self._about(one.name))
            await self._note(one.name, one.version, "resealed", "another master key")
            await self._store.reseal(self._tenant, one.name, one.version, body, sealer.master)
        return len(old)

    async def uses(self, limit: int = 100) -> Sequence[KeyUse]:
        """Return the last uses, newest first."""
        return await self._store.uses(self._tenant, limit)

    def _sealing(self) -> Sealer:
        if self._sealer is None:
            raise Denied(
                "There is no master key to seal keys with.",
                code="vault_locked",
                advice="Make one with `kapell keys init`, or set KAPELL_VAULT__MASTER to 32 random "
                "bytes in base64.",
            )
        return self._sealer

    def _opened(self, key: SealedKey) -> str:
        opener = self._openers.get(key.master)
        if opener is None:
            raise Denied(
                f"The key {key.name!r} was sealed with a master key that is not here.",
                code="key_unreadable",
                advice="Set that master key again (KAPELL_VAULT__MASTER, or KAPELL_VAULT__OLDER "
                "beside the new one), or set the key anew.",
            )
        return opener.unseal(key.body, self._about(key.name))

    def _about(self, name: str) -> str:
        """Return what a seal is bound to: moved to another tenant or name, it does not open."""
        return f"{self._tenant}\n{name}"

    async def _note(self, name: str, version: int, action: Action, reason: str) -> None:
        now = self._clock.now()
        use = KeyUse(
            id=sortable(now, self._random() << 64 | self._random()),
            name=name,
            version=version,
            action=action,
            actor=self._actor,
            reason=hidden(reason),
            at=now,
        )
        if self._witness is not None:
            await self._witness(use)
        await self._store.note(self._tenant, use)


PLAIN = "plain"
"""The master of what is not sealed at all."""
