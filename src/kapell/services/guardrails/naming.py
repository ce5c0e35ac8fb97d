"""Names that stand for personal data within a conversation, and the way back.

What a process knows of a conversation it does not ask the store again: a turn without new personal
data costs no commit, one without any costs nothing.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from kapell.core.guardrails.pseudonyms import same
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.services.guardrails.ports import Pseudonym, PseudonymStore, Wish

_NAME = re.compile(r"<([A-Z][A-Z0-9_]{0,40}_[1-9][0-9]{0,6})>", re.IGNORECASE)
"""What a name looks like, in any case."""

_APART = "~"
"""Begins the names of conversations that no store keeps: those of single calls."""

_KNOWN = 500
"""Conversations whose names a process has at hand."""

_FRESH = 300.0
"""Seconds for which they are believed: by then, what was erased is forgotten here too."""

_AGAIN = 1.0
"""Seconds after which a name that is not known is looked for again: models invent some."""


class Seal(Protocol):
    """Seals values of one tenant."""

    @property
    def master(self) -> str:
        """Return a name of the master key that tells nothing about it."""
        ...

    def mark(self, text: str) -> str:
        """Return what stands for a text without telling it: the same for the same text."""
        ...

    def seal(self, text: str, about: str) -> str:
        """Return ``text`` sealed; it opens only together with the same ``about``."""
        ...

    def unseal(self, body: str, about: str) -> str:
        """Return the text again.

        Raises:
            Denied: it was changed, or sealed by another.
        """
        ...


class Seals(Protocol):
    """Has the seals of tenants: that of today, and those of master keys there were before."""

    async def today(self, tenant_id: TenantId) -> Seal:
        """Return the seal for new values.

        Raises:
            Denied: there is no master key, and what lies sealed says that there was one.
        """
        ...

    def of(self, tenant_id: TenantId, master: str) -> Seal | None:
        """Return the seal of a master key, None when that is not here."""
        ...


class _Known:
    """The names of one conversation, both ways; all spellings of a value have one name."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.values: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def add(self, name: str, kind: str, value: str) -> None:
        self._names[same(kind, value)] = name
        self.values[name] = value

    def name(self, kind: str, value: str) -> str | None:
        """Return the name of a value, None when it has none yet."""
        return self._names.get(same(kind, value))

    def count(self, kind: str, value: str) -> None:
        """Give a value the next name of its kind, unless it has one."""
        if self.name(kind, value) is None:
            begins = f"<{kind.upper()}_"
            number = sum(name.startswith(begins) for name in self.values) + 1
            self.add(f"{begins}{number}>", kind, value)


class Naming:
    """Gives names to values and values to names.

    Args:
        store: Where names are kept, their values sealed.
        seals: Who seals.
        keep: Seconds for which names are kept after the last new one.
        now: The time, in seconds from wherever.
    """

    def __init__(
        self, store: PseudonymStore, seals: Seals, keep: float, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._seals = seals
        self._keep = keep
        self._now = now
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self._calls = 0

    async def names(
        self, tenant: TenantId, conversation: str, wanted: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Return the names of values; ``wanted`` maps each to its kind (``email``).

        Raises:
            Denied: ``pseudonym_key_gone``; KapellError: the store is away.
        """
        if not wanted:
            return {}
        known = await self._conversation(tenant, conversation)
        if conversation.startswith(_APART):
            for value, kind in wanted.items():
                known.count(kind, value)
        else:
            missing: dict[str, tuple[str, str]] = {}
            for value, kind in wanted.items():
                if known.name(kind, value) is None:
                    missing.setdefault(same(kind, value), (kind, value))
            if missing:
                await self._made(tenant, conversation, known, missing)
        named = {value: known.name(kind, value) for value, kind in wanted.items()}
        return {value: name for value, name in named.items() if name is not None}

    async def values(
        self, tenant: TenantId, conversation: str, names: Iterable[str]
    ) -> Mapping[str, str]:
        """Return the values that names stand for; names nobody gave are left out.

        Raises:
            Denied: ``pseudonym_key_gone``; KapellError: the store is away.
        """
        asked = frozenset(names)
        if not asked:
            return {}
        known = await self._conversation(tenant, conversation)
        unknown = not asked <= known.values.keys() and not conversation.startswith(_APART)
        if unknown and self._now() - known.at > _AGAIN:
            # Another worker may have given it since.
            self._known.pop((tenant, conversation), None)
            known = await self._conversation(tenant, conversation)
        return {name: known.values[name] for name in asked if name in known.values}

    def at_hand(self, tenant: TenantId, conversation: str) -> Mapping[str, str]:
        """Return the names of a conversation that this process knows, with their values."""
        known = self._known.get((tenant, conversation))
        return {} if known is None else dict(known.values)

    def apart(self) -> str:
        """Return a conversation for a call that belongs to none; no store keeps its names."""
        self._calls += 1
        return f"{_APART}{self._calls}"

    async def forget(self, tenant: TenantId, conversation: str | None) -> int:
        """Erase the names of a conversation, or of the whole tenant; return how many there were."""
        for place in [one for one in self._known if one[0] == tenant]:
            if conversation in (None, place[1]):
                del self._known[place]
        return await self._store.forget(tenant, conversation)

    async def _made(
        self,
        tenant: TenantId,
        conversation: str,
        known: _Known,
        wanted: Mapping[str, tuple[str, str]],
    ) -> None:
        """Have names made of values, each given with its kind by what its spellings share."""
        seal = await self._seals.today(tenant)
        wishes = []
        for shared, (kind, value) in wanted.items():
            mark = seal.mark(shared)
            about = _about(tenant, conversation, mark)
            wishes.append(
                Wish(
                    kind=kind.upper(),
                    mark=mark,
                    body=seal.seal(value, about),
                    master=seal.master,
                )
            )
        made = await self._store.name(tenant, conversation, wishes, self._keep)
        for (kind, value), one in zip(wanted.values(), made, strict=True):
            known.add(_name(one), kind, value)

    async def _conversation(self, tenant: TenantId, conversation: str) -> _Known:
        """Return what is known of a conversation, read once however many ask."""
        place = (tenant, conversation)
        turn = self._turns.setdefault(place, asyncio.Lock())
        try:
            async with turn:
                found = self._known.get(place)
                apart = conversation.startswith(_APART)
                if found is None or (self._now() - found.at > _FRESH and not apart):
                    kept: Sequence[Pseudonym] = ()
                    if not apart:
                        kept = await self._store.of(tenant, conversation)
                    found = self._opened(tenant, conversation, kept)
                    self._known[place] = found
                self._known.move_to_end(place)
                while len(self._known) > _KNOWN:
                    self._known.popitem(last=False)
                return found
        finally:
            if not turn.locked():
                self._turns.pop(place, None)

    def _opened(self, tenant: TenantId, conversation: str, kept: Sequence[Pseudonym]) -> _Known:
        known = _Known(self._now())
        for one in kept:
            seal = self._seals.of(tenant, one.master)
            if seal is None:
                raise key_gone()
            value = seal.unseal(one.body, _about(tenant, conversation, one.mark))
            known.add(_name(one), one.kind.lower(), value)
        return known


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names that texts hold."""
    return frozenset(
        f"<{name.upper()}>" for text in texts if "<" in text for name in _NAME.findall(text)
    )


def key_gone() -> Denied:
    """Return the error of values that are sealed with a master key that is not here."""
    return Denied(
        "Personal data is sealed with a master key that is not here, so no model is asked.",
        code="pseudonym_key_gone",
        advice="Set that master key again (KAPELL_VAULT__MASTER, or KAPELL_VAULT__OLDER beside the "
        "new one), or erase what it sealed with `kapell guardrails forget`.",
    )


def _name(one: Pseudonym) -> str:
    return f"<{one.kind}_{one.number}>"


def _about(tenant: str, conversation: str, mark: str) -> str:
    """Return what a seal is bound to: moved to another conversation, it does not open."""
    return f"{tenant}\n{conversation}\n{mark}"
