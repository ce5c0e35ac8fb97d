"""The head of a chain as it is kept outside of the database, sealed."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.audit.record import Head
from kapell.kit.ids import TenantId
from kapell.kit.json import Digest, encode


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A head at a time; ``key`` names the key of ``seal``, the HMAC of all the rest."""

    tenant_id: TenantId
    seq: int
    hash: Digest
    at: float
    key: str
    seal: str = ""


Sealed: TypeAlias = Literal["good", "forged", "unknown"]
"""Whether an anchor's seal holds; ``unknown``: the key it was made with is not here."""


def sealed_text(anchor: Anchor) -> bytes:
    """Return what the seal of an anchor is made of."""
    return encode(["kapell audit", *msgspec.structs.astuple(anchor)[:-1]])


def unsealed(tenant_id: TenantId, head: Head, at: float, key: str) -> Anchor:
    """Return the anchor of a head, its seal still missing."""
    return Anchor(tenant_id=tenant_id, seq=head.seq, hash=head.hash, at=at, key=key)
