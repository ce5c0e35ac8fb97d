"""What guardrails need from outside: where names for personal data are kept, who moderates."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kapell.kit.ids import TenantId


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A value that needs a name.

    ``kind`` is what the name is made of (``EMAIL``), ``mark`` stands for the value without telling
    it, ``body`` is the value sealed and ``master`` names the key it is sealed with.
    """

    kind: str
    mark: str
    body: str
    master: str


class Pseudonym(msgspec.Struct, frozen=True, kw_only=True):
    """A name that stands for a value in a conversation: ``kind`` and ``number`` make it."""

    kind: str
    number: int
    mark: str
    body: str
    master: str


class PseudonymStore(Protocol):
    """Names by tenant and conversation; values lie there sealed."""

    async def name(
        self, tenant_id: TenantId, conversation: str, wishes: Sequence[Wish], keep: float
    ) -> Sequence[Pseudonym]:
        """Return the names of values, those there were or new ones, in the order of the wishes.

        All of one conversation are kept for ``keep`` seconds from now. However many ask at once,
        a mark has one name, and a name one mark.
        """
        ...

    async def of(self, tenant_id: TenantId, conversation: str) -> Sequence[Pseudonym]:
        """Return every name of a conversation whose time has not ended."""
        ...

    async def masters(self, tenant_id: TenantId) -> frozenset[str]:
        """Return the names of the keys that values of a tenant are sealed with."""
        ...

    async def forget(self, tenant_id: TenantId, conversation: str | None) -> int:
        """Erase the names of a conversation, or of the whole tenant; return how many there were."""
        ...


class Moderated(msgspec.Struct, frozen=True, kw_only=True):
    """What a moderation service says of a text: categories with scores, those it flags itself."""

    scores: Mapping[str, float] = {}
    flagged: frozenset[str] = frozenset()


class Moderation(Protocol):
    """A service that tells what in texts nobody should have to read."""

    async def judge(self, texts: Sequence[str]) -> Sequence[Moderated]:
        """Return what it says of each text, in their order.

        Raises:
            KapellError: ``guard_failed`` when it gives no answer in time, or none that makes sense.
        """
        ...

    async def close(self) -> None:
        """Leave it."""
        ...
